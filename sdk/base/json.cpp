#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace redflag {
namespace {

// Keys are kept twice, to find those that come twice: nothing the project reads has so many in one object.
constexpr std::size_t kMaxMembers = 4096;

// Builds the value while counting; stops at the first violation.
class BoundedSax : public nlohmann::json_sax<Json> {
 public:
  BoundedSax(Json& root, const JsonLimits& limits) : limits_(limits), build_(root, false) {}

  bool null() override { return count() && build_.null(); }
  bool boolean(bool v) override { return count() && build_.boolean(v); }
  bool number_integer(number_integer_t v) override { return count() && build_.number_integer(v); }
  bool number_unsigned(number_unsigned_t v) override { return count() && build_.number_unsigned(v); }
  bool number_float(number_float_t v, const string_t& s) override {
    if (!std::isfinite(v)) return stop(Code::kInvalid, "a number does not fit");
    return count() && build_.number_float(v, s);
  }
  bool string(string_t& v) override { return count() && build_.string(v); }
  bool binary(binary_t&) override { return stop(Code::kInvalid, "binary values are not JSON"); }
  bool start_object(std::size_t n) override {
    keys_.emplace_back();
    return count() && deeper() && build_.start_object(n);
  }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      return stop(Code::kInvalid, "duplicate key \"" + name.substr(0, 64) + "\"");
    if (keys_.back().size() > kMaxMembers)
      return stop(Code::kLimit, "more than " + std::to_string(kMaxMembers) + " members in one object");
    return build_.key(name);
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return build_.end_object();
  }
  bool start_array(std::size_t n) override { return count() && deeper() && build_.start_array(n); }
  bool end_array() override {
    --depth_;
    return build_.end_array();
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& e) override {
    // nlohmann's text begins with "[json.exception…] " and may quote input: keep its last clause only.
    std::string what = e.what();
    what = what.substr(what.find("] ") == std::string::npos ? 0 : what.find("] ") + 2);
    return stop(Code::kInvalid,
                "not valid JSON at byte " + std::to_string(position) + ": " + what.substr(0, 200));
  }

  Error error{Code::kInvalid, "not valid JSON"};

 private:
  bool stop(Code code, std::string text) {
    error = {code, std::move(text)};
    return false;
  }
  bool count() {
    if (++values_ <= limits_.values) return true;
    return stop(Code::kLimit, "more than " + std::to_string(limits_.values) + " values");
  }
  bool deeper() {
    if (++depth_ <= limits_.depth) return true;
    return stop(Code::kLimit, "nested deeper than " + std::to_string(limits_.depth) + " levels");
  }

  const JsonLimits& limits_;
  nlohmann::detail::json_sax_dom_parser<Json> build_;
  std::vector<std::set<std::string>> keys_;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

const Json kNull;
const Json kEmptyArray = Json::array();
const Json kEmptyObject = Json::object();

}  // namespace

Result<Json> parseJson(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return fail(Code::kLimit, "longer than " + std::to_string(limits.bytes) + " bytes");
  }
  // The library takes a zero byte for the end, and would not see what comes after it.
  if (text.find('\0') != std::string_view::npos) return fail(Code::kInvalid, "a zero byte is no JSON");
  // The library passes over it, and what hands the text on would have it in the midst of another.
  if (text.starts_with("\xEF\xBB\xBF")) return fail(Code::kInvalid, "a byte order mark is no JSON");
  Json root;
  BoundedSax sax(root, limits);
  if (!Json::sax_parse(text.begin(), text.end(), &sax)) return tl::unexpected<Error>(sax.error);
  return root;
}

std::string dumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

JsonReader::JsonReader(const Json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object_.is_object()) error_ = place_ + ": expected an object";
}

const Json* JsonReader::member(const char* key, bool required) {
  seen_.emplace_back(key);
  if (!error_.empty() || !object_.is_object()) return nullptr;
  const auto it = object_.find(key);
  if (it != object_.end() && !it->is_null()) return &*it;
  if (required) refuse(key, "a value; it is missing");
  return nullptr;
}

void JsonReader::refuse(const char* key, const std::string& expected) {
  if (error_.empty()) error_ = place_ + "." + key + ": expected " + expected;
}

const Json* JsonReader::find(const char* key) {
  return member(key, false);
}

std::string JsonReader::text(const char* key, std::size_t max_bytes) {
  const Json* value = member(key, true);
  if (value == nullptr) return {};
  if (!value->is_string() || value->get_ref<const std::string&>().size() > max_bytes) {
    refuse(key, "text of at most " + std::to_string(max_bytes) + " bytes");
    return {};
  }
  return value->get<std::string>();
}

std::string JsonReader::optionalText(const char* key, std::size_t max_bytes, std::string fallback) {
  if (member(key, false) == nullptr) return fallback;
  return text(key, max_bytes);
}

std::int64_t JsonReader::integer(const char* key, std::int64_t low, std::int64_t high) {
  const Json* value = member(key, true);
  if (value == nullptr) return low;
  const bool fits =
      value->is_number_integer() &&
      !(value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  if (!fits || value->get<std::int64_t>() < low || value->get<std::int64_t>() > high) {
    refuse(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return low;
  }
  return value->get<std::int64_t>();
}

std::int64_t JsonReader::optionalInteger(const char* key, std::int64_t low, std::int64_t high,
                                         std::int64_t fallback) {
  if (member(key, false) == nullptr) return fallback;
  return integer(key, low, high);
}

bool JsonReader::boolean(const char* key) {
  const Json* value = member(key, true);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    refuse(key, "true or false");
    return false;
  }
  return value->get<bool>();
}

bool JsonReader::optionalBoolean(const char* key, bool fallback) {
  if (member(key, false) == nullptr) return fallback;
  return boolean(key);
}

const Json& JsonReader::object(const char* key) {
  const Json* value = member(key, true);
  if (value == nullptr) return kEmptyObject;
  if (!value->is_object()) {
    refuse(key, "an object");
    return kEmptyObject;
  }
  return *value;
}

const Json& JsonReader::array(const char* key, std::size_t max_items) {
  const Json* value = member(key, true);
  if (value == nullptr) return kEmptyArray;
  if (!value->is_array() || value->size() > max_items) {
    refuse(key, "a list of at most " + std::to_string(max_items) + " items");
    return kEmptyArray;
  }
  return *value;
}

const Json& JsonReader::optionalArray(const char* key, std::size_t max_items) {
  if (member(key, false) == nullptr) return kEmptyArray;
  return array(key, max_items);
}

std::vector<std::string> JsonReader::texts(const char* key, std::size_t max_items) {
  std::vector<std::string> out;
  for (const auto& item : array(key, max_items)) {
    if (!item.is_string()) {
      refuse(key, "a list of texts");
      return {};
    }
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<> JsonReader::finishIgnoringUnknown() {
  if (!error_.empty()) return fail(Code::kInvalid, error_);
  return {};
}

Result<> JsonReader::finish() {
  if (error_.empty()) {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) {
        refuse(key.substr(0, 64).c_str(), "no member of this name");
        break;
      }
    }
  }
  return finishIgnoringUnknown();
}

}  // namespace redflag
