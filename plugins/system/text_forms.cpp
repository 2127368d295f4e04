#include "text_forms.h"

#include <cctype>
#include <charconv>
#include <cmath>

namespace redflag::system {
namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || text.empty()) return std::nullopt;
  return value;
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || (value.front() != '"' && value.front() != '\'') || value.back() != value.front())
    return std::string(value);
  std::string text;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    text.push_back(value[i]);
  }
  return text;
}

}  // namespace

std::vector<std::string_view> linesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::vector<std::string_view> wordsOf(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  for (auto start = line.find_first_not_of(kSpace); start != std::string_view::npos;) {
    const auto end = line.find_first_of(kSpace, start);
    words.push_back(line.substr(start, end - start));
    start = line.find_first_not_of(kSpace, end);
  }
  return words;
}

std::optional<std::int64_t> wholeNumber(std::string_view text) {
  return number<std::int64_t>(text);
}
std::optional<double> realNumber(std::string_view text) {
  const auto value = number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::map<std::string, std::string> parseOsRelease(std::string_view text) {
  std::map<std::string, std::string> values;
  for (const auto line : linesOf(text)) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line.starts_with('#')) continue;
    values[std::string(line.substr(0, equals))] = unquoted(line.substr(equals + 1));
  }
  return values;
}

std::map<std::string, std::int64_t> parseMemoryInfo(std::string_view text) {
  std::map<std::string, std::int64_t> values;
  for (const auto line : linesOf(text)) {
    const auto words = wordsOf(line);
    if (words.size() != 3 || words[2] != "kB" || !words[0].ends_with(':')) continue;
    const auto kib = wholeNumber(words[1]);
    if (kib && *kib >= 0 && *kib <= INT64_MAX / 1024)
      values[std::string(words[0].substr(0, words[0].size() - 1))] = *kib * 1024;
  }
  return values;
}

std::vector<Pressure> parsePressure(std::string_view text) {
  constexpr std::string_view kField = "avg10=";
  std::vector<Pressure> rows;
  for (const auto line : linesOf(text)) {
    const auto words = wordsOf(line);
    if (words.size() < 2 || !words[1].starts_with(kField)) continue;
    if (const auto percent = realNumber(words[1].substr(kField.size())))
      rows.push_back({std::string(words[0]), *percent});
  }
  return rows;
}

ProcessorStat parseProcessorStat(std::string_view text) {
  ProcessorStat stat;
  for (const auto line : linesOf(text)) {
    if (line.starts_with("cpu") && line.size() > 3 && std::isdigit(static_cast<unsigned char>(line[3])) != 0)
      ++stat.processors;
    if (line.starts_with("btime ")) stat.booted_at = wholeNumber(line.substr(6)).value_or(0);
  }
  return stat;
}

}  // namespace redflag::system
