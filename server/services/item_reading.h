#pragma once
// What the readers of upload items share.

#include <algorithm>
#include <initializer_list>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "http/message.h"
#include "protocol/record_kinds.h"

namespace redflag::services {

inline std::string readChoice(JsonReader& in, const char* key, std::initializer_list<const char*> allowed) {
  std::string value = in.text(key, 64);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    in.refuse(key, "a value this field may have");
  return value;
}

inline std::string readClean(JsonReader& in, const char* key, std::size_t max_bytes) {
  std::string value = in.text(key, max_bytes);
  if (!protocol::isCleanText(value)) in.refuse(key, "a text without control characters");
  return value;
}

inline std::int64_t readTime(JsonReader& in, const char* key) {
  const auto at = fromRfc3339(in.text(key, 40));
  if (!at) in.refuse(key, "an RFC 3339 time in UTC");
  return at.value_or(0);
}

inline std::int64_t readOptionalTime(JsonReader& in, const char* key) {
  return in.find(key) == nullptr ? 0 : readTime(in, key);
}

inline void finishItem(JsonReader& in) {
  if (auto ok = in.finish(); !ok) throw http::Problem{400, "item.invalid", ok.error().text};
}

}  // namespace redflag::services
