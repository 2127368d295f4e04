#include "command.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "client.h"
#include "common/key_sentence.h"

namespace redflag::dnf5 {
namespace {

constexpr std::string_view kCheckOf = "OpenPGP check for package \"";
constexpr std::array<std::string_view, 4> kFailures{
    " has failed: The repository does not have any OpenPGP keys", " has failed: Public key is not installed",
    " has failed: Public key import failed", " has failed: Canceled by the user"};

// 'OpenPGP check for package "PACKAGE" (…) from repository "…" has failed: Public key is not installed'. Not
// with std::regex, whose matcher calls itself for every byte: what is printed can be longer than its stack is
// deep.
std::vector<std::string> withoutKey(std::string_view lines) {
  std::vector<std::string> packages;
  for (auto at = lines.find(kCheckOf); at != std::string_view::npos; at = lines.find(kCheckOf)) {
    lines.remove_prefix(at + kCheckOf.size());
    const auto quote = std::min(lines.find('"'), lines.size());
    const auto rest = lines.substr(quote);
    const auto line = rest.substr(0, rest.find('\n'));
    if (quote > 0 && line.starts_with("\" ") &&
        std::any_of(kFailures.begin(), kFailures.end(), [&](std::string_view failure) {
          return line.find(failure, 2) != std::string_view::npos;
        }))
      packages.emplace_back(lines.substr(0, quote));
  }
  return packages;
}

}  // namespace

std::vector<std::string> dnf5Command() {
  return {kProgram, "--setopt=assumeyes=False", "--setopt=defaultyes=False", "--setopt=*.gpgkey="};
}

bool mentionsKeys(const std::string& line) {
  return !withoutKey(line).empty();
}

std::string sentenceOnMissingKeys(const std::string& lines) {
  return plugin::missingKeySentence(withoutKey(lines));
}

bool isWaiting(const std::string& words) {
  const auto said = words.rfind("Waiting for a lock on the system repository");
  return said != std::string::npos && words.find("Running transaction", said) == std::string::npos;
}

}  // namespace redflag::dnf5
