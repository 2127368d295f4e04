#include "ctl/show.h"

#include <algorithm>

#include "base/table.h"

namespace redflag::ctl {
namespace {

std::string plain(const Json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : dumpJson(value);
}

std::string lineOf(const std::string& text) {
  return cellText(text, std::string::npos);
}

std::string cellOf(const Json& row, const std::string& column) {
  const Json* value = &row;
  for (std::size_t begin = 0; begin <= column.size();) {
    const std::size_t end = std::min(column.find('.', begin), column.size());
    const std::string name = column.substr(begin, end - begin);
    if (!value->is_object() || !value->contains(name)) return "-";
    value = &value->at(name);
    begin = end + 1;
  }
  return plain(*value);
}

std::string titleOf(std::string column) {
  constexpr std::string_view kName = ".name";
  if (column.ends_with(kName)) column.resize(column.size() - kName.size());
  std::transform(column.begin(), column.end(), column.begin(), [](unsigned char c) {
    return c == '_' || c == '.' ? ' ' : static_cast<char>(std::toupper(c));
  });
  return column;
}

bool scalar(const Json& value) {
  return !value.is_structured() || value.empty();
}

}  // namespace

std::string tableOf(const std::vector<std::string>& columns, const Json& rows) {
  if (rows.empty()) return {};
  std::vector<std::string> titles;
  for (const auto& column : columns)
    titles.push_back(titleOf(column));
  Table table(std::move(titles));
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& column : columns)
      cells.push_back(cellOf(row, column));
    table.add(std::move(cells));
  }
  return table.toText();
}

std::string detailsOf(const Json& value, std::size_t indent) {
  const std::string space(indent, ' ');
  if (scalar(value)) return space + lineOf(plain(value)) + "\n";
  std::string out;
  for (const auto& [name, member] : value.items()) {
    const std::string lead = space + (value.is_array() ? "-" : lineOf(name) + ":");
    if (scalar(member))
      out += lead + " " + lineOf(plain(member)) + "\n";
    else if (value.is_array())
      out += space + "- " + detailsOf(member, indent + 2).substr(indent + 2);
    else
      out += lead + "\n" + detailsOf(member, indent + 2);
  }
  return out;
}

}  // namespace redflag::ctl
