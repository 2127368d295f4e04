#pragma once
// Lists come in pages. A cursor names the last row handed out, so that rows added or gone meanwhile neither
// repeat nor skip others.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace redflag::store {

// Of the keys in a cursor: the texts of a row, whose lengths are the contract's. As text a cursor is a third
// longer.
constexpr std::size_t kMaxCursorKeys = 4'096;
constexpr std::size_t kMaxCursor = kMaxCursorKeys / 3 * 4 + 4;

struct PageRequest {
  std::size_t limit = 100;  // 1..500
  std::string cursor;  // "" for the first page; anything but an answer's next_cursor is http::Problem 400
};

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_cursor;  // "" when this was the last page
  std::int64_t total = 0;   // of all pages
};

}  // namespace redflag::store
