#pragma once
// The rows of a query, one at a time; columns are read from left to right. Ends the query when it goes.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace redflag::store::sql {

// What an engine gives for a query that runs.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool next() = 0;
  virtual bool null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;  // of a boolean expression: 0 or 1
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;  // "" for NULL
  virtual std::string blob(int column) const = 0;
};

class Rows {
 public:
  explicit Rows(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}

  bool next() {
    column_ = 0;
    return cursor_->next();
  }
  std::int64_t integer() { return cursor_->integer(column_++); }
  double real() { return cursor_->real(column_++); }
  bool boolean() { return integer() != 0; }
  std::string text() { return cursor_->text(column_++); }
  std::string blob() { return cursor_->blob(column_++); }
  std::optional<std::int64_t> optionalInteger() {
    if (!cursor_->null(column_)) return integer();
    ++column_;
    return std::nullopt;
  }
  std::optional<bool> optionalBoolean() {
    const auto value = optionalInteger();
    if (!value) return std::nullopt;
    return *value != 0;
  }

 private:
  std::unique_ptr<Cursor> cursor_;
  int column_ = 0;
};

}  // namespace redflag::store::sql
