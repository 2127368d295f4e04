#pragma once
// Many rows in few statements: a statement takes 64 of them, or 16, 4 or one. So there are few texts, which
// engines keep prepared, and no statement has more values than an engine takes (SQLite 32,766, PostgreSQL
// 65,535; the widest row here has 30).

#include <functional>
#include <string_view>
#include <vector>

#include "store/sql/connection.h"

namespace redflag::store::sql {

class ValueRows {
 public:
  // As many values as in every other row. Texts and blobs are views, as in Value: they outlive this.
  template <class... Args>
  void add(const Args&... values) {
    width_ = sizeof...(Args);
    (values_.push_back(toValue(values)), ...);
  }
  bool empty() const { return values_.empty(); }

  // `before`, "(?, …), (?, …)" and `after`, once for each statement, with its rows' values and `more` behind
  // them. None for no rows.
  using Run = std::function<void(std::string_view sql, const std::vector<Value>& values)>;
  void each(std::string_view before, std::string_view after, const std::vector<Value>& more,
            const Run& run) const;
  void post(Connection& connection, std::string_view before, std::string_view after = "",
            const std::vector<Value>& more = {}) const;

  // How many of the rows that are left the next statement takes.
  static std::size_t taken(std::size_t left);

 private:
  std::size_t width_ = 1;
  std::vector<Value> values_;
};

}  // namespace redflag::store::sql
