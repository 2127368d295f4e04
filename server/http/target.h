#pragma once
// A request target in origin form, taken apart.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace redflag::http {

struct Target {
  std::vector<std::string> segments;  // "/a/b" → {"a","b"}; "/" → {""}; "//a" → {"","a"}: never tidied up
  std::map<std::string, std::string> query;
};

// Throws Problem 400: no leading slash, a bad escape, NUL, not UTF-8, or a query parameter given twice.
Target parseTarget(std::string_view target);

}  // namespace redflag::http
