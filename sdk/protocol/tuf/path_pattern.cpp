#include "protocol/tuf/path_pattern.h"

namespace redflag::tuf {
namespace {

// One set of "[a-z]", "[!a-z]" at the pattern's start. How long it is; 0 when it is none, but a bracket.
std::size_t matchSet(std::string_view pattern, char c, bool& matches) {
  const bool negated = pattern.size() > 1 && pattern[1] == '!';
  const std::size_t first = negated ? 2 : 1;
  const std::size_t end = pattern.find(']', first + 1);
  if (end == std::string_view::npos) return 0;
  bool found = false;
  for (std::size_t i = first; i < end; ++i) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    const bool range = i + 2 < end && pattern[i + 1] == '-';
    if (range) i += 2;
    const auto high = static_cast<unsigned char>(pattern[i]);
    found = found || (low <= static_cast<unsigned char>(c) && static_cast<unsigned char>(c) <= high);
  }
  matches = found != negated && c != '/';
  return end + 1;
}

// How much of the pattern's start stands for this one character; 0 when it does not.
std::size_t matchOne(std::string_view pattern, char c) {
  if (pattern.empty()) return 0;
  if (pattern.front() == '?') return c == '/' ? 0 : 1;
  bool matches = false;
  const std::size_t set = pattern.front() == '[' ? matchSet(pattern, c, matches) : 0;
  if (set != 0) return matches ? set : 0;
  return pattern.front() == c ? 1 : 0;
}

}  // namespace

bool matchesPath(std::string_view pattern, std::string_view path) {
  std::size_t at = 0;
  std::size_t next = 0;
  std::size_t star = std::string_view::npos;  // the last `*`, and where in the path it stands so far
  std::size_t held = 0;
  while (at < path.size()) {
    if (next < pattern.size() && pattern[next] == '*') {
      star = next++;
      held = at;
    } else if (const std::size_t used = matchOne(pattern.substr(next), path[at]); used != 0) {
      next += used;
      ++at;
    } else if (star != std::string_view::npos && path[held] != '/') {
      next = star + 1;
      at = ++held;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', next) == std::string_view::npos;
}

}  // namespace redflag::tuf
