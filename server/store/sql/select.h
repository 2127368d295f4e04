#pragma once
// Pieces of the lists: conditions with their values, and cursors.

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "store/page.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

// Conditions joined by AND. Texts are copied, so that temporaries may be given.
class Conditions {
 public:
  template <class... Args>
  void add(std::string_view sql, const Args&... arguments) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += sql;
    (values_.push_back(keep(toValue(arguments))), ...);
  }
  // The same with as many values as it has marks.
  void addAll(std::string_view sql, const std::vector<std::string>& values);
  // "column IN (?, …)"
  void in(std::string_view column, const std::vector<std::string>& values);
  // Part of the text, whatever the case of ASCII letters; % and _ in it mean themselves.
  void contains(std::string_view column, const std::string& part);

  const std::string& sql() const { return sql_; }
  const std::vector<Value>& values() const { return values_; }
  // The values, and more behind them.
  template <class... Args>
  std::vector<Value> with(const Args&... more) const {
    std::vector<Value> all = values_;
    (all.push_back(toValue(more)), ...);
    return all;
  }

 private:
  Value keep(const Value& value);

  std::string sql_;
  std::vector<Value> values_;
  std::deque<std::string> texts_;
};

// Rows of one agent, of a table whose key begins with client_id and agent_id, by its alias: by its number
// alone no key would find them.
void addAgent(Conditions& where, const std::string& alias, const std::string& agent_id);

std::string encodeCursor(const Json& keys);
// A list of as many texts and whole numbers as `kinds` has letters: t or i. http::Problem 400 for anything
// else.
Json decodeCursor(const std::string& cursor, std::string_view kinds);

std::string toJsonList(const std::vector<std::string>& texts);
std::vector<std::string> fromJsonList(const std::string& text);

}  // namespace redflag::store::sql
