// What dnf prints about keys, and what repositories call their packages.
#include "fuzz.h"
#include "missing_keys.h"
#include "plain_text.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(dnf_words) {
  const std::string words(input);
  dnf::Plan plan;
  plan.steps.push_back({.operation = "upgrade", .name = "openssl", .arch = "x86_64", .from = "1", .to = "2"});
  const auto sentence = dnf::sentenceOnMissingKeys(plan, words);
  claim(sentence.empty() || dnf::mentionsKeys(words), "who blames a key has heard of one");
  if (dnf::isPackageText(words))
    claim(words.find_first_of(" \n\r\t;$`'\"") == std::string::npos, "a name is a word");
}

}  // namespace redflag::fuzz
