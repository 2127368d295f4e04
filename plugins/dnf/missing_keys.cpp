#include "missing_keys.h"

#include <regex>
#include <vector>

#include "common/key_sentence.h"

namespace redflag::dnf {
namespace {

using Names = std::vector<std::string>;

Names allOf(const std::string& words, const std::regex& pattern) {
  Names found;
  for (std::sregex_iterator match(words.begin(), words.end(), pattern), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

Names allOf(const Plan& plan) {
  Names found;
  for (const auto& step : plan.steps)
    if (step.operation != "remove") found.push_back(step.name + "-" + step.to + "." + step.arch);
  return found;
}

Names withoutKey(const Plan& plan, const std::string& words) {
  static const std::regex kPackage(R"(Public key for (\S+) is not (?:installed|trusted))");
  if (auto packages = allOf(words, kPackage); !packages.empty()) return packages;
  // Where there is no key at all, or a person would have to be asked, dnf names no package.
  return mentionsKeys(words) ? allOf(plan) : Names{};
}

}  // namespace

bool mentionsKeys(const std::string& line) {
  static const std::regex kWords(
      "Public key for |you do not have any GPG public keys|Refusing to automatically import keys");
  return std::regex_search(line, kWords);
}

std::string sentenceOnMissingKeys(const Plan& plan, const std::string& words) {
  return plugin::missingKeySentence(withoutKey(plan, words));
}

}  // namespace redflag::dnf
