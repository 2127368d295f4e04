#include "store/sql/value_rows.h"

#include <string>

namespace redflag::store::sql {

std::size_t ValueRows::taken(std::size_t left) {
  std::size_t rows = 64;
  while (rows > left)
    rows /= 4;
  return rows;
}

void ValueRows::each(std::string_view before, std::string_view after, const std::vector<Value>& more,
                     const Run& run) const {
  std::string row = "(?";
  for (std::size_t i = 1; i < width_; ++i)
    row += ", ?";
  row += ')';
  for (auto at = values_.begin(); at != values_.end();) {
    const std::size_t rows = taken(static_cast<std::size_t>(values_.end() - at) / width_);
    const auto end = at + static_cast<std::ptrdiff_t>(rows * width_);
    std::string sql(before);
    for (std::size_t i = 0; i < rows; ++i)
      sql.append(i == 0 ? "" : ", ").append(row);
    sql += after;
    std::vector<Value> values(at, end);
    values.insert(values.end(), more.begin(), more.end());
    run(sql, values);
    at = end;
  }
}

void ValueRows::post(Connection& connection, std::string_view before, std::string_view after,
                     const std::vector<Value>& more) const {
  each(before, after, more,
       [&](std::string_view sql, const std::vector<Value>& values) { connection.postAll(sql, values); });
}

}  // namespace redflag::store::sql
