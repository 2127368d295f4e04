#include "base/pattern_guard.h"

#include <algorithm>
#include <array>

namespace redflag {
namespace {

constexpr std::array kMatching = {"pattern", "patternProperties", "format"};

bool matchesTexts(const Json& schema) {
  if (!schema.is_structured()) return false;
  if (schema.is_object() && std::any_of(kMatching.begin(), kMatching.end(),
                                        [&](const char* keyword) { return schema.contains(keyword); }))
    return true;
  return std::any_of(schema.begin(), schema.end(), matchesTexts);
}

std::optional<std::string> longTextIn(const Json& value, const Json::json_pointer& at) {
  if (value.is_string() && value.get_ref<const std::string&>().size() > kMaxMatchedBytes)
    return at.to_string();
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      if (key.size() > kMaxMatchedBytes) return (at / key.substr(0, 64)).to_string();
      if (auto found = longTextIn(member, at / key)) return found;
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      if (auto found = longTextIn(value[i], at / i)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> tooLongToMatch(const Json& schema, const Json& value) {
  return matchesTexts(schema) ? longTextIn(value, Json::json_pointer()) : std::nullopt;
}

}  // namespace redflag
