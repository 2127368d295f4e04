#include "newer_tag.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace redflag::docker {
namespace {

constexpr std::size_t kMostNumbers = 3;

struct Version {
  bool has_v = false;
  std::vector<std::uint32_t> numbers;  // one to three
  std::string_view suffix;             // "-alpine"; with its dash

  bool sameForm(const Version& other) const {
    return has_v == other.has_v && numbers.size() == other.numbers.size() && suffix == other.suffix;
  }
};

std::optional<Version> parseVersion(std::string_view tag) {
  Version out;
  out.has_v = tag.starts_with('v');
  if (out.has_v) tag.remove_prefix(1);
  for (;;) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), number);
    const auto digits = static_cast<std::size_t>(end - tag.data());
    // "007" is no number of a version.
    if (error != std::errc() || (digits > 1 && tag.front() == '0')) return std::nullopt;
    out.numbers.push_back(number);
    tag.remove_prefix(digits);
    if (tag.empty() || tag.front() != '.') break;
    if (out.numbers.size() == kMostNumbers) return std::nullopt;
    tag.remove_prefix(1);
  }
  if (!tag.empty() && tag.front() != '-') return std::nullopt;
  out.suffix = tag;
  return out;
}

// How many leading numbers have to be equal.
std::size_t fixedNumbers(NewerTags level) {
  return level == NewerTags::kPatch ? 2 : level == NewerTags::kMinor ? 1 : 0;
}

}  // namespace

bool mayHaveNewer(std::string_view tag, NewerTags level) {
  const auto own = parseVersion(tag);
  return level != NewerTags::kNone && own && own->numbers.size() > fixedNumbers(level);
}

std::string newerTag(std::string_view tag, const std::vector<std::string>& offered, NewerTags level) {
  const auto own = parseVersion(tag);
  const auto fixed = fixedNumbers(level);
  if (!mayHaveNewer(tag, level)) return {};
  auto best = own->numbers;
  std::string out;
  for (const auto& name : offered) {
    const auto other = parseVersion(name);
    if (!other || !other->sameForm(*own) || other->numbers <= best) continue;
    bool within = true;
    for (std::size_t i = 0; i < fixed; ++i)
      within = within && other->numbers[i] == own->numbers[i];
    if (!within) continue;
    best = other->numbers;
    out = name;
  }
  return out;
}

}  // namespace redflag::docker
