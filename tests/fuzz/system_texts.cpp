// What the kernel and the system's files say, and what was kept of it.
#include "fuzz.h"
#include "growth.h"
#include "mounts.h"
#include "support_end.h"
#include "text_forms.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(system_texts) {
  for (const auto line : system::linesOf(input))
    for (const auto word : system::wordsOf(line)) {
      static_cast<void>(system::wholeNumber(word));
      static_cast<void>(system::realNumber(word));
    }
  static_cast<void>(system::parseOsRelease(input));
  const auto end = system::supportEnd(system::parseOsRelease(input), input);
  for (const auto& day : {end.regular, end.long_term})
    claim(day.empty() || day.size() == 10, "a day is one or is not there");
  static_cast<void>(system::parseMemoryInfo(input));
  static_cast<void>(system::parsePressure(input));
  static_cast<void>(system::parseProcessorStat(input));
  const auto mounts = storage::parseMounts(input);
  claim(storage::worthLooking(mounts, {"/mnt"}).size() <= mounts.size(), "no mount is looked at twice");
  auto growth = storage::Growth::from(input);
  claim(storage::Growth::from(growth.text()).text() == growth.text(), "what is kept reads back");
  growth.add("/", {1'740'794'400, 1});
  static_cast<void>(growth.daysUntilFull("/", std::int64_t{1} << 40U));
}

}  // namespace redflag::fuzz
