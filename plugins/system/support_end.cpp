#include "support_end.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "text_forms.h"

namespace redflag::system {
namespace {

using Cells = std::vector<std::string_view>;

Cells cellsOf(std::string_view line) {
  Cells cells;
  for (;;) {
    const auto comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

// The day itself if it is one of the calendar's, "" otherwise.
std::string day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return {};
  const auto part = [&](std::size_t from, std::size_t length) {
    const auto digits = text.substr(from, length);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::all_of(digits.begin(), digits.end(), is_digit) ? static_cast<int>(*wholeNumber(digits)) : 0;
  };
  const std::chrono::year_month_day date{std::chrono::year(part(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  return date.ok() && part(0, 4) > 0 ? std::string(text) : std::string();
}

class VersionRow {
 public:
  VersionRow(const Cells& names, Cells cells) : names_(names), cells_(std::move(cells)) {}
  // "" for a column that the table, or this row, does not have.
  std::string_view at(std::string_view column) const {
    const auto index =
        static_cast<std::size_t>(std::find(names_.begin(), names_.end(), column) - names_.begin());
    return index < names_.size() && index < cells_.size() ? cells_[index] : std::string_view();
  }
  // "24.04 LTS" is the version 24.04.
  bool isOf(std::string_view codename, std::string_view version) const {
    if (!codename.empty()) return at("series") == codename;
    const auto own = at("version");
    return !version.empty() && own.substr(0, own.find(' ')) == version;
  }

 private:
  const Cells& names_;
  Cells cells_;
};

std::string valueOf(const std::map<std::string, std::string>& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

}  // namespace

std::string versionTable(std::string_view os_id) {
  const auto is_legal = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (os_id.empty() || os_id.size() > 64 || !std::all_of(os_id.begin(), os_id.end(), is_legal)) return {};
  std::string path = "/usr/share/distro-info/";
  return path.append(os_id).append(".csv");
}

SupportEnd supportEnd(const std::map<std::string, std::string>& release, std::string_view table) {
  SupportEnd end;
  const auto codename = valueOf(release, "VERSION_CODENAME");
  const auto version = valueOf(release, "VERSION_ID");
  const auto lines = linesOf(table);
  const auto names = lines.empty() ? Cells() : cellsOf(lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const VersionRow row(names, cellsOf(lines[i]));
    if (!row.isOf(codename, version)) continue;
    end = {day(row.at("eol")), day(row.at("eol-lts"))};
    break;
  }
  if (const auto said = day(valueOf(release, "SUPPORT_END")); !said.empty()) end.regular = said;
  return end;
}

}  // namespace redflag::system
