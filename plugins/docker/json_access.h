#pragma once
// Members of JSON that an engine wrote and that may be missing or of another type.

#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/json.h"

namespace redflag::docker {

// What a path of members leads to; null where one of them is missing.
inline const Json& at(const Json& json, std::initializer_list<const char*> path) {
  static const Json kNone;
  const Json* here = &json;
  for (const char* key : path) {
    if (!here->is_object()) return kNone;
    const auto found = here->find(key);
    if (found == here->end()) return kNone;
    here = &*found;
  }
  return *here;
}

inline std::string textAt(const Json& json, std::initializer_list<const char*> path) {
  const auto& value = at(json, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

inline std::int64_t numberAt(const Json& json, std::initializer_list<const char*> path,
                             std::int64_t fallback = 0) {
  const auto& value = at(json, path);
  return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
}

inline bool flagAt(const Json& json, std::initializer_list<const char*> path) {
  const auto& value = at(json, path);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace redflag::docker
