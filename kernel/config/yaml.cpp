#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/encoding.h"

namespace redflag::kernel {
namespace {

// Longer digit strings are names (checksums), not numbers.
constexpr std::size_t kLongestNumber = 24;

ConfigPlace placeOf(const YAML::Mark& mark) {
  return {mark.line + 1, mark.column + 1};
}

std::string pointerTo(const std::string& parent, const std::string& key) {
  std::string out = parent + "/";
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

std::optional<Json> plainNumber(const std::string& text) {
  const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  const std::string_view digits = std::string_view(text).substr(sign ? 1 : 0);
  if (digits.empty() || text.size() > kLongestNumber) return std::nullopt;
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t number = 0;
    const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    return error == std::errc() ? std::optional<Json>(number) : std::nullopt;
  }
  if (digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;
  double real = 0;
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), real);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(real)) return std::nullopt;
  return Json(real);
}

// What the parser says may quote the file, which need not be text.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c > 0x7E; }, '?');
  return text;
}

// The parser's words for the commonest mistake do not name it.
bool isIndentedByTab(const std::string& text, int line) {
  std::istringstream in(text);
  std::string at;
  for (int number = 0; number <= line && std::getline(in, at);)
    ++number;
  const auto begin = at.find_first_not_of(" \t");
  return at.substr(0, begin).find('\t') != std::string::npos;
}

// YAML 1.2's core schema: "no" and "on" are text.
Json plainScalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (auto number = plainNumber(text)) return *number;
  return text;
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const YamlLimits& limits) : limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuseAnchor(mark, anchor);
    scalar(mark, "", nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases are not used here; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuseAnchor(mark, anchor);
    if (value.size() > limits_.scalar_bytes) {
      refuse(mark, "expected text of at most " + std::to_string(limits_.scalar_bytes) + " bytes");
    }
    if (!isUtf8(value) || value.find('\0') != std::string::npos) refuse(mark, "expected UTF-8 without NUL");
    const bool quoted = tag == "!";
    if (!quoted) refuseTag(mark, tag);
    scalar(mark, value, quoted ? Json(value) : plainScalar(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { levels_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { levels_.pop_back(); }

  YamlDocument document;

 private:
  struct Level {
    Json* container;
    std::string pointer;
    std::optional<std::string> key;  // read, its value is still to come
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string text) {
    throw YamlError{placeOf(mark), std::move(text)};
  }
  static void refuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse(mark, "anchors are not used here; write the value out");
  }
  static void refuseTag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?") refuse(mark, "tags are not used here");
  }

  void count(const YAML::Mark& mark) {
    if (++values_ > limits_.values) refuse(mark, "more than " + std::to_string(limits_.values) + " values");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    refuseAnchor(mark, anchor);
    refuseTag(mark, tag);
    if (levels_.size() >= limits_.depth) {
      refuse(mark, "nested deeper than " + std::to_string(limits_.depth) + " levels");
    }
    if (expectsKey()) refuse(mark, "expected a simple key");
    Json* container = place(mark, std::move(empty));
    levels_.push_back({container, pointer_, std::nullopt});
  }

  bool expectsKey() const {
    return !levels_.empty() && levels_.back().container->is_object() && !levels_.back().key.has_value();
  }

  void scalar(const YAML::Mark& mark, const std::string& text, Json value) {
    if (!expectsKey()) {
      place(mark, std::move(value));
      return;
    }
    Level& level = levels_.back();
    if (level.container->contains(text)) refuse(mark, "\"" + text.substr(0, 64) + "\" is written twice");
    document.places[pointerTo(level.pointer, text)] = placeOf(mark);
    level.key = text;
  }

  // Puts a value where the next one belongs; pointer_ is its JSON pointer afterwards.
  Json* place(const YAML::Mark& mark, Json value) {
    count(mark);
    if (levels_.empty()) {
      pointer_.clear();
      document.places[""] = placeOf(mark);
      document.value = std::move(value);
      return &document.value;
    }
    Level& level = levels_.back();
    if (level.container->is_array()) {
      pointer_ = pointerTo(level.pointer, std::to_string(level.container->size()));
      document.places[pointer_] = placeOf(mark);
      level.container->push_back(std::move(value));
      return &level.container->back();
    }
    pointer_ = pointerTo(level.pointer, *level.key);
    Json& slot = (*level.container)[*level.key];
    level.key.reset();
    slot = std::move(value);
    return &slot;
  }

  const YamlLimits& limits_;
  std::vector<Level> levels_;
  std::string pointer_;
  std::size_t values_ = 0;
};

}  // namespace

tl::expected<YamlDocument, YamlError> parseYaml(const std::string& text, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    return tl::unexpected(YamlError{{}, "longer than " + std::to_string(limits.bytes) + " bytes"});
  }
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    Builder builder(limits);
    parser.HandleNextDocument(builder);
    Builder second(limits);
    if (parser.HandleNextDocument(second)) {
      return tl::unexpected(
          YamlError{second.document.places[""], "expected one document; a second one begins here"});
    }
    return std::move(builder.document);
  } catch (const YamlError& error) {
    return tl::unexpected(error);
  } catch (const YAML::Exception& error) {
    const bool tab = isIndentedByTab(text, error.mark.line);
    return tl::unexpected(YamlError{
        placeOf(error.mark), "not valid YAML: " + (tab ? "expected spaces at the line's begin, not a tab"
                                                       : printable(error.msg))});
  }
}

}  // namespace redflag::kernel
