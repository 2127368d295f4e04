#include "missing_keys.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "common/key_sentence.h"

namespace redflag::dnf {
namespace {

using Names = std::vector<std::string>;

constexpr std::string_view kKeyFor = "Public key for ";

// "Public key for PACKAGE is not installed". Not with std::regex, whose matcher calls itself for every byte:
// what is printed can be longer than its stack is deep.
Names packagesIn(std::string_view words) {
  Names found;
  for (auto at = words.find(kKeyFor); at != std::string_view::npos; at = words.find(kKeyFor)) {
    words.remove_prefix(at + kKeyFor.size());
    const auto end = std::min(words.find_first_of(" \t\n\v\f\r"), words.size());
    const auto rest = words.substr(end);
    if (end > 0 && (rest.starts_with(" is not installed") || rest.starts_with(" is not trusted")))
      found.emplace_back(words.substr(0, end));
  }
  return found;
}

Names allOf(const Plan& plan) {
  Names found;
  for (const auto& step : plan.steps)
    if (step.operation != "remove") found.push_back(step.name + "-" + step.to + "." + step.arch);
  return found;
}

Names withoutKey(const Plan& plan, const std::string& words) {
  if (auto packages = packagesIn(words); !packages.empty()) return packages;
  // Where there is no key at all, or a person would have to be asked, dnf names no package.
  return mentionsKeys(words) ? allOf(plan) : Names{};
}

}  // namespace

bool mentionsKeys(const std::string& line) {
  constexpr std::array kWords{kKeyFor, std::string_view("you do not have any GPG public keys"),
                              std::string_view("Refusing to automatically import keys")};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view words) { return line.find(words) != std::string::npos; });
}

std::string sentenceOnMissingKeys(const Plan& plan, const std::string& words) {
  return plugin::missingKeySentence(withoutKey(plan, words));
}

}  // namespace redflag::dnf
