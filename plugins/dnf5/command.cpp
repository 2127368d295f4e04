#include "command.h"

#include <regex>

#include "client.h"
#include "common/key_sentence.h"

namespace redflag::dnf5 {
namespace {

const std::regex& missingKey() {
  static const std::regex kWords(
      "OpenPGP check for package \"([^\"]+)\" .* has failed: (?:The repository does not have any OpenPGP "
      "keys|"
      "Public key is not installed|Public key import failed|Canceled by the user)");
  return kWords;
}

}  // namespace

std::vector<std::string> dnf5Command() {
  return {kProgram, "--setopt=assumeyes=False", "--setopt=defaultyes=False", "--setopt=*.gpgkey="};
}

bool mentionsKeys(const std::string& line) {
  return std::regex_search(line, missingKey());
}

std::string sentenceOnMissingKeys(const std::string& lines) {
  std::vector<std::string> packages;
  for (std::sregex_iterator match(lines.begin(), lines.end(), missingKey()), end; match != end; ++match)
    packages.push_back((*match)[1]);
  return plugin::missingKeySentence(packages);
}

bool isWaiting(const std::string& words) {
  const auto said = words.rfind("Waiting for a lock on the system repository");
  return said != std::string::npos && words.find("Running transaction", said) == std::string::npos;
}

}  // namespace redflag::dnf5
