// What root's side is asked for a sealed plugin, and what the machine's programs print in answer.
#include <set>

#include "fuzz.h"
#include "reads/process_questions.h"
#include "reads/smart_questions.h"
#include "reads/unit_questions.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(read_answers) {
  static const std::set<std::string> kHealth{"passed", "failing", "asleep", "unsupported", "unreadable"};
  constexpr std::size_t kMaxUnits = 200;
  for (const bool is_one :
       {kernel::isProcessQuestion(input), kernel::isSmartQuestion(input), kernel::isUnitQuestion(input)})
    claim(!is_one || input == "/outdated" || input == "/in-use" || input == "/smart" || input == "/failed",
          "a question is one of the list");
  for (const int exit_code : {0, 2, 8}) {
    const auto disk = kernel::diskHealth("sda", exit_code, input);
    claim(kHealth.contains(disk.at("health").get<std::string>()), "a disk's health has a word");
    for (const auto& [name, number] : disk.at("numbers").items())
      claim(name.starts_with("smart_") && number.is_number_integer(), "what is counted has a number");
  }
  if (const auto units = kernel::failedUnits(input))
    claim(units->at("units").size() <= kMaxUnits, "no list of units is without end");
}

}  // namespace redflag::fuzz
