#pragma once
// The text forms the kernel and os-release speak in. What does not parse is left out, never guessed.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::system {

std::vector<std::string_view> linesOf(std::string_view text);
std::vector<std::string_view> wordsOf(std::string_view line);

// Plain decimal, the whole text.
std::optional<std::int64_t> wholeNumber(std::string_view text);
std::optional<double> realNumber(std::string_view text);

// os-release(5): NAME="Debian GNU/Linux".
std::map<std::string, std::string> parseOsRelease(std::string_view text);

// /proc/meminfo, in bytes, by name ("MemTotal"). What no memory has is left out.
std::map<std::string, std::int64_t> parseMemoryInfo(std::string_view text);

// One line of /proc/pressure/*: "some avg10=0.12 …".
struct Pressure {
  std::string kind;        // "some" or "full"
  double average_10s = 0;  // percent of the last ten seconds in which tasks waited
};
std::vector<Pressure> parsePressure(std::string_view text);

struct ProcessorStat {
  std::int64_t processors = 0;
  std::int64_t booted_at = 0;  // seconds since the epoch; 0: unknown
};
ProcessorStat parseProcessorStat(std::string_view text);  // /proc/stat

}  // namespace redflag::system
