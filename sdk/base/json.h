#pragma once
// JSON from outside a process: bounded before it is believed. nlohmann-json by itself accepts a depth of
// 1,000,000, duplicate keys and any size; everything that crosses a border is parsed here instead.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace redflag {

using Json = nlohmann::json;
using JsonCharacters = nlohmann::detail::iterator_input_adapter<const char*>;
using JsonStringCharacters = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;

}  // namespace redflag

// Compiled once, in json_templates.cpp: each file would spend seconds on them, and a test program would have
// its own, which are not optimized, run in all of the code that it is linked with.
extern template class nlohmann::basic_json<>;
extern template class nlohmann::detail::serializer<redflag::Json>;
extern template class nlohmann::detail::lexer<redflag::Json, redflag::JsonCharacters>;
extern template class nlohmann::detail::parser<redflag::Json, redflag::JsonCharacters>;
extern template class nlohmann::detail::lexer<redflag::Json, redflag::JsonStringCharacters>;
extern template class nlohmann::detail::parser<redflag::Json, redflag::JsonStringCharacters>;

namespace redflag {

struct JsonLimits {
  std::size_t bytes = 1U << 20;
  std::size_t depth = 16;
  std::size_t values = 200'000;  // scalars, objects and arrays together; one object has at most 4,096 members
};

// kInvalid or kLimit; refuses duplicate keys, invalid UTF-8, NaN, numbers that do not fit, and text after the
// value.
Result<Json> parseJson(std::string_view text, const JsonLimits& limits = {});

// Compact text. Bytes that are not UTF-8 become U+FFFD: never throws.
std::string dumpJson(const Json& value);

// Reads members of one object and names the member in every error. Unknown members are an error of finish().
//   JsonReader in(json, "upload.items[3]");  auto id = in.text("id", 64);  …  if (auto r = in.finish(); !r)
//   return r.error;
// The first error is kept; later reads answer defaults, so that callers check once.
class JsonReader {
 public:
  JsonReader(const Json& object, std::string place);

  std::string text(const char* key, std::size_t max_bytes);
  std::string optionalText(const char* key, std::size_t max_bytes, std::string fallback = {});
  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high);
  std::int64_t optionalInteger(const char* key, std::int64_t low, std::int64_t high, std::int64_t fallback);
  bool boolean(const char* key);
  bool optionalBoolean(const char* key, bool fallback);
  const Json& object(const char* key);
  const Json& array(const char* key, std::size_t max_items);
  const Json& optionalArray(const char* key, std::size_t max_items);
  std::vector<std::string> texts(const char* key, std::size_t max_items);  // an array of nothing else
  const Json* find(const char* key);  // any type; nullptr when absent or null
  void refuse(const char* key, const std::string& expected);

  // kInvalid with "<place>.<key>: expected …" for the first bad or unknown member.
  Result<> finish();
  Result<> finishIgnoringUnknown();

 private:
  const Json* member(const char* key, bool required);

  const Json& object_;
  std::string place_;
  std::vector<std::string> seen_;
  std::string error_;
};

}  // namespace redflag
