#include "base/pattern_guard.h"

#include <algorithm>
#include <array>
#include <regex>

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

bool isRegex(const std::string& text) {
  try {
    const std::regex compiled(text);
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
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

std::optional<std::string> badPattern(const Json& schema) {
  if (!schema.is_structured()) return std::nullopt;
  if (schema.is_object()) {
    const auto pattern = schema.find("pattern");
    if (pattern != schema.end() && pattern->is_string() && !isRegex(pattern->get_ref<const std::string&>()))
      return pattern->get<std::string>();
    const auto named = schema.find("patternProperties");
    if (named != schema.end() && named->is_object()) {
      for (const auto& [name, ignored] : named->items())
        if (!isRegex(name)) return name;
    }
  }
  for (const Json& part : schema)
    if (auto bad = badPattern(part)) return bad;
  return std::nullopt;
}

}  // namespace redflag
