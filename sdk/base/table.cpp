#include "base/table.h"

#include <algorithm>

namespace redflag {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t charsOf(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// ASCII's, and Unicode's others, which UTF-8 writes as C2 80 to C2 9F.
bool isWideControl(const std::string& text, std::size_t i) {
  return static_cast<unsigned char>(text[i]) == 0xC2 && i + 1 < text.size() &&
         static_cast<unsigned char>(text[i + 1]) < 0xA0;
}

bool isControl(const std::string& text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  return byte < 0x20 || byte == 0x7F || isWideControl(text, i);
}

bool endsControl(const std::string& text, std::size_t i) {
  return i > 0 && isWideControl(text, i - 1);
}

}  // namespace

std::string cellText(const std::string& text, std::size_t max_chars) {
  std::string out;
  std::size_t chars = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!continues(c) && ++chars > max_chars) return out + "…";
    if (isControl(text, i))
      out += '?';
    else if (!endsControl(text, i))
      out += c;
  }
  return out;
}

void Table::add(std::vector<std::string> row) {
  for (auto& cell : row)
    cell = cellText(cell);
  rows_.push_back(std::move(row));
}

std::string Table::toText(const std::string& indent) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], charsOf(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - charsOf(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace redflag
