#include "rpm_version.h"

#include <algorithm>

namespace redflag::dnf5 {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What only stands between parts.
void dropSeparators(std::string_view& text) {
  while (!text.empty() && !isDigit(text.front()) && !isLetter(text.front()) && text.front() != '~' &&
         text.front() != '^')
    text.remove_prefix(1);
}

// Digits, or letters, from the front.
std::string_view takePart(std::string_view& text, bool digits) {
  std::size_t size = 0;
  while (size < text.size() && (digits ? isDigit(text[size]) : isLetter(text[size])))
    ++size;
  const auto part = text.substr(0, size);
  text.remove_prefix(size);
  return part;
}

int sign(int difference) {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

int compareNumbers(std::string_view one, std::string_view other) {
  const auto withoutZeros = [](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
    return text;
  };
  one = withoutZeros(one);
  other = withoutZeros(other);
  if (one.size() != other.size()) return one.size() < other.size() ? -1 : 1;
  return sign(one.compare(other));
}

// `~` is before everything, also before the end; `^` is after the end, and before everything else.
// nullopt-like: 2 means that neither begins with one.
int compareMarks(std::string_view& one, std::string_view& other) {
  const auto begins = [](std::string_view text, char mark) { return !text.empty() && text.front() == mark; };
  for (const char mark : {'~', '^'}) {
    const bool first = begins(one, mark);
    const bool second = begins(other, mark);
    if (!first && !second) continue;
    if (first && second) {
      one.remove_prefix(1);
      other.remove_prefix(1);
      return 0;
    }
    if (mark == '~') return first ? -1 : 1;
    if (first) return other.empty() ? 1 : -1;
    return one.empty() ? -1 : 1;
  }
  return 2;
}

int compareParts(std::string_view one, std::string_view other) {
  if (one == other) return 0;
  while (!one.empty() || !other.empty()) {
    dropSeparators(one);
    dropSeparators(other);
    const int marks = compareMarks(one, other);
    if (marks == 0) continue;
    if (marks != 2) return marks;
    if (one.empty() || other.empty()) break;
    const bool digits = isDigit(one.front());
    const auto mine = takePart(one, digits);
    const auto theirs = takePart(other, digits);
    if (theirs.empty()) return digits ? 1 : -1;  // numbers are newer than letters
    const int order = digits ? compareNumbers(mine, theirs) : sign(mine.compare(theirs));
    if (order != 0) return order;
  }
  return one.empty() == other.empty() ? 0 : one.empty() ? -1 : 1;
}

struct Evr {
  std::string_view epoch = "0";
  std::string_view version;
  std::string_view release;
};

Evr split(std::string_view text) {
  Evr out;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    if (colon > 0) out.epoch = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  const auto dash = text.rfind('-');
  out.version = text.substr(0, dash);
  if (dash != std::string_view::npos) out.release = text.substr(dash + 1);
  return out;
}

}  // namespace

int compareEvr(std::string_view one, std::string_view other) {
  const auto a = split(one);
  const auto b = split(other);
  if (const int epochs = compareNumbers(a.epoch, b.epoch); epochs != 0) return epochs;
  if (const int versions = compareParts(a.version, b.version); versions != 0) return versions;
  return a.release.empty() || b.release.empty() ? 0 : compareParts(a.release, b.release);
}

}  // namespace redflag::dnf5
