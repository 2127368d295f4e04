#include "settings/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/time.h"

namespace redflag::settings {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kDurations{{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};
constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"", 1}}};
constexpr std::uint64_t kMaxSeconds = 10ULL * 365 * 86400;
constexpr std::uint64_t kMaxBytes = 1ULL << 40U;

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                                   std::uint64_t highest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > highest) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.suffix == suffix; });
  if (unit == units.end() || number * unit->factor > highest) return std::nullopt;
  return number * unit->factor;
}

template <std::size_t N>
std::string print(std::uint64_t value, const std::array<Unit, N>& units) {
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return value % u.factor == 0; });
  return std::to_string(value / unit->factor) + std::string(unit->suffix);
}

}  // namespace

Result<std::int64_t> parseDuration(std::string_view text) {
  const auto seconds = parse(text, kDurations, kMaxSeconds);
  if (!seconds) return fail(Code::kInvalid, "expected a duration like 90s, 15m, 6h or 2d");
  return static_cast<std::int64_t>(*seconds) * kSecondNs;
}

std::string durationText(std::int64_t ns) {
  if (ns <= 0) return "0s";
  return print(static_cast<std::uint64_t>(ns / kSecondNs), kDurations);
}

Result<std::uint64_t> parseSize(std::string_view text) {
  const auto bytes = parse(text, kSizes, kMaxBytes);
  if (!bytes) return fail(Code::kInvalid, "expected a size like 64KiB, 128MiB or 2GiB");
  return *bytes;
}

std::string sizeText(std::uint64_t bytes) {
  return bytes == 0 ? "0" : print(bytes, kSizes);
}

}  // namespace redflag::settings
