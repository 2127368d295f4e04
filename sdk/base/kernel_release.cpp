#include "base/kernel_release.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace redflag {
namespace {

bool isReleaseDigit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Cuts a run of digits, or of anything else, off the front.
std::string_view takeRun(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && isReleaseDigit(text[length]) == isReleaseDigit(text[0]))
    ++length;
  const auto run = text.substr(0, length);
  text.remove_prefix(length);
  return run;
}

int compareRuns(std::string_view a, std::string_view b) {
  if (isReleaseDigit(a[0]) && isReleaseDigit(b[0])) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);
}

// What follows the last number that stands between hyphens or dots: "amd64" counts as a word. Numbers within
// its words are left out: "el9_4" is the distribution's release, and its next one's kernel is of the same
// flavour.
std::string flavourOf(std::string_view release) {
  std::size_t end = 0;
  for (std::size_t start = 0; start < release.size();) {
    const auto stop = std::min(release.find_first_of("-.", start), release.size());
    if (isReleaseDigit(release[start])) end = stop;
    start = stop + 1;
  }
  std::string words(release.substr(end));
  std::erase_if(words, [](char c) { return isReleaseDigit(c) || c == '_'; });
  return words;
}

}  // namespace

int compareReleases(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty())
    if (const int order = compareRuns(takeRun(a), takeRun(b)); order != 0) return order;
  return a.empty() && b.empty() ? 0 : a.empty() ? -1 : 1;
}

bool isSameFlavour(std::string_view a, std::string_view b) {
  return flavourOf(a) == flavourOf(b);
}

}  // namespace redflag
