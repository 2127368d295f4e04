#include "store/postgres/statements.h"

#include <algorithm>
#include <cctype>

namespace redflag::store::postgres {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Where what begins at `at` (a quoted text or name, a $$ body, a comment) ends; `at` for anything else.
std::size_t behindOpaque(std::string_view sql, std::size_t at) {
  const auto behind = [&](std::string_view end, std::size_t from) {
    const auto found = sql.find(end, from);
    return found == std::string_view::npos ? sql.size() : found + end.size();
  };
  // A doubled quote ends one text and begins the next: the same for whoever only skips.
  if (sql[at] == '\'' || sql[at] == '"') return behind(sql.substr(at, 1), at + 1);
  if (sql.substr(at, 2) == "$$") return behind("$$", at + 2);
  if (sql.substr(at, 2) == "--") return behind("\n", at + 2);
  return at;
}

}  // namespace

std::string numbered(std::string_view sql) {
  std::string out;
  out.reserve(sql.size() + 32);
  int greatest = 0;
  for (std::size_t i = 0; i < sql.size();) {
    if (const auto end = behindOpaque(sql, i); end != i) {
      out += sql.substr(i, end - i);
      i = end;
    } else if (sql[i] != '?') {
      out += sql[i++];
    } else {
      int number = 0;
      for (++i; i < sql.size() && digit(sql[i]); ++i)
        number = number * 10 + (sql[i] - '0');
      if (number == 0) number = greatest + 1;
      greatest = std::max(greatest, number);
      out += '$' + std::to_string(number);
    }
  }
  return out;
}

std::vector<std::string_view> split(std::string_view script) {
  std::vector<std::string_view> statements;
  std::size_t begin = 0;
  bool empty = true;  // so far only white space and comments
  for (std::size_t i = 0; i < script.size();) {
    if (script[i] == ';') {
      if (!empty) statements.push_back(script.substr(begin, i - begin));
      begin = ++i;
      empty = true;
    } else if (const auto end = behindOpaque(script, i); end != i) {
      const bool comment = script[i] == '-';
      empty = empty && comment;
      i = end;
      if (comment && empty) begin = i;
    } else {
      const bool space = std::isspace(static_cast<unsigned char>(script[i])) != 0;
      if (empty && space) begin = i + 1;
      empty = empty && space;
      ++i;
    }
  }
  if (!empty) statements.push_back(script.substr(begin));
  return statements;
}

}  // namespace redflag::store::postgres
