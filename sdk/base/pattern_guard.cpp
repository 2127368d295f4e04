#include "base/pattern_guard.h"

#include <fmt/format.h>

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

// The most states that a matcher of this pattern may have; every number of a {…} multiplies what is before
// it. Counted without compiling: libstdc++ compiles with a call in a call for every part of a pattern. Read
// as it reads, or a bracket that only one of the two takes for one hides what is multiplied.
class PatternSize {
 public:
  explicit PatternSize(std::string_view text) : text_(text) {}

  // False: too long, too many states, or groups too deep in each other.
  bool isSmall() { return text_.size() <= kMaxPatternBytes && group(0) <= kMaxStates && !too_deep_; }

 private:
  static constexpr std::size_t kMaxStates = 1024;
  static constexpr std::size_t kMaxGroups = 16;
  static constexpr std::string_view kQuantifiers = "*+?{";
  static constexpr std::string_view kClasses = ":.=";

  std::size_t group(std::size_t depth) {
    too_deep_ = too_deep_ || depth > kMaxGroups;
    std::size_t all = 1;
    while (at_ < text_.size() && !too_deep_) {
      const char c = text_[at_++];
      if (c == ')' && depth > 0) break;
      std::size_t one = 1;
      if (c == '(') one = group(depth + 1);
      if (c == '[') toItsEnd();
      if (c == '\\') passEscape();
      all = std::min(all + repeated(one), kMaxStates + 1);
    }
    return all;
  }

  bool isAtOneOf(std::string_view signs) const {
    return at_ < text_.size() && signs.find(text_[at_]) != std::string_view::npos;
  }

  // Behind the backslash: \cX takes whatever X is.
  void passEscape() { at_ += isAtOneOf("c") ? 2U : 1U; }

  // Of a […]: neither a bracket that is escaped nor that of a class, as [:alpha:] is one, ends it.
  void toItsEnd() {
    while (at_ < text_.size() && text_[at_] != ']') {
      const char c = text_[at_++];
      if (c == '\\') passEscape();
      if (c != '[' || !isAtOneOf(kClasses)) continue;
      const auto end = text_.find(text_[at_], at_ + 1);
      at_ = end == std::string_view::npos ? text_.size() : end + 2;
    }
  }

  // Any number of quantifiers may follow each other, and each counts for all before it.
  std::size_t repeated(std::size_t states) {
    while (isAtOneOf(kQuantifiers))
      states = std::min(text_[at_++] == '{' ? states * largestNumber() : states + 1, kMaxStates + 1);
    return states;
  }

  // Up to the end of a {…}.
  std::size_t largestNumber() {
    std::size_t number = 0;
    std::size_t most = 1;
    for (; at_ < text_.size() && text_[at_] != '}'; ++at_) {
      const bool is_digit = text_[at_] >= '0' && text_[at_] <= '9';
      number =
          is_digit ? std::min(number * 10 + static_cast<std::size_t>(text_[at_] - '0'), kMaxStates + 1) : 0;
      most = std::max(most, number);
    }
    ++at_;
    return most;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool too_deep_ = false;
};

// Walks a schema as it is when every reference is written out.
class WrittenOut {
 public:
  explicit WrittenOut(const Json& root) : root_(root) {}

  std::optional<std::string> fault(const Json& at, std::size_t depth) {
    if (depth > kMaxDepth || ++parts_ > kMaxParts)
      return "it is too large, or a reference in it leads back to itself";
    if (at.is_object())
      if (auto own = faultOf(at, depth)) return own;
    if (!at.is_structured()) return std::nullopt;
    for (const Json& part : at)
      if (auto inner = fault(part, depth + 1)) return inner;
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kMaxDepth = 32;
  static constexpr std::size_t kMaxParts = 10'000;

  std::optional<std::string> faultOf(const Json& schema, std::size_t depth) {
    for (const char* divides : {"multipleOf", "divisibleBy"})
      if (const auto found = schema.find(divides); found != schema.end() && found->is_number())
        return std::string(divides) + " is not supported";
    if (const auto pattern = schema.find("pattern"); pattern != schema.end() && pattern->is_string())
      if (!PatternSize(pattern->get_ref<const std::string&>()).isSmall())
        return "a pattern in it is too large";
    if (const auto named = schema.find("patternProperties"); named != schema.end() && named->is_object())
      for (const auto& [name, ignored] : named->items())
        if (!PatternSize(name).isSmall()) return "a pattern in it is too large";
    const auto reference = schema.find("$ref");
    if (reference == schema.end() || !reference->is_string()) return std::nullopt;
    const Json* target = referredTo(root_, reference->get_ref<const std::string&>());
    if (target == nullptr)
      return fmt::format("the reference {} leads nowhere; expected one like #/definitions/NAME",
                         dumpJson(*reference).substr(0, 100));
    return fault(*target, depth + 1);
  }

  const Json& root_;
  std::size_t parts_ = 0;
};

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

const Json* referredTo(const Json& root, std::string_view reference) {
  if (!reference.starts_with("#/") || reference.find_first_of("~%") != std::string_view::npos) return nullptr;
  const Json* at = &root;
  for (reference.remove_prefix(1); !reference.empty();) {
    reference.remove_prefix(1);
    const std::size_t end = std::min(reference.find('/'), reference.size());
    if (!at->is_object()) return nullptr;
    const auto next = at->find(std::string(reference.substr(0, end)));
    if (end == 0 || next == at->end()) return nullptr;
    at = &*next;
    reference.remove_prefix(end);
  }
  return at;
}

std::optional<std::string> unusable(const Json& schema) {
  return WrittenOut(schema).fault(schema, 0);
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
