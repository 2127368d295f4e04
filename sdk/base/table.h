#pragma once
// Plain text for people: columns as wide as they need to be, and nothing in a cell that a terminal would
// obey.

#include <string>
#include <vector>

namespace redflag {

// Control characters become '?', a text longer than `max_chars` is cut with "…".
std::string cellText(const std::string& text, std::size_t max_chars = 48);

class Table {
 public:
  explicit Table(std::vector<std::string> header) { add(std::move(header)); }
  void add(std::vector<std::string> row);
  // Each line begins with `indent`.
  std::string toText(const std::string& indent = "") const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace redflag
