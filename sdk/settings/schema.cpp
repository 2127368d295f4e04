#include "settings/schema.h"

#include <algorithm>
#include <exception>
#include <map>
#include <numeric>
// Without it valijson aborts the program on a schema it dislikes.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/pattern_guard.h"

namespace redflag::settings {
namespace {

constexpr int kMaxReferences = 16;
constexpr std::size_t kMaxListed = 200;

std::string escaped(const std::string& key) {
  std::string out;
  for (const char c : key)
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

const Json& resolve(const Json& root, const Json& schema) {
  const Json* at = &schema;
  for (int hops = 0; hops < kMaxReferences && at->is_object() && at->contains("$ref"); ++hops) {
    const auto& reference = at->at("$ref");
    const Json* target =
        reference.is_string() ? referredTo(root, reference.get_ref<const std::string&>()) : nullptr;
    if (target == nullptr) break;
    at = target;
  }
  return *at;
}

// The schema of a member or item; nullptr when nothing is said about it.
const Json* child(const Json& root, const Json& schema, const std::string& key) {
  if (!schema.is_object()) return nullptr;
  if (schema.contains("properties") && schema["properties"].contains(key)) {
    return &resolve(root, schema["properties"][key]);
  }
  if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
    return &resolve(root, schema["additionalProperties"]);
  }
  if (schema.contains("items") && schema["items"].is_object()) return &resolve(root, schema["items"]);
  return nullptr;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string unknownKey(const Json& properties, const std::string& key) {
  std::string nearest;
  std::string all;
  std::size_t best = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const auto& [name, unused] : properties.items()) {
    all += (all.empty() ? "" : ", ") + name;
    const std::size_t d = key.size() > 64 ? best : distance(key, name);
    if (d < best) {
      best = d;
      nearest = name;
    }
  }
  if (!nearest.empty()) return "unknown key; did you mean " + nearest + "?";
  return all.empty() ? "unknown key; none is expected here" : "unknown key; expected one of " + all;
}

// Removes unknown keys of closed objects after reporting them, so that the validator has only the rest to
// say.
void takeUnknownKeys(const Json& root, const Json& schema, Json& value, const std::string& pointer,
                     std::vector<SchemaProblem>& problems) {
  if (value.is_object() && schema.is_object()) {
    static const Json kNone = Json::object();
    const Json& properties = schema.contains("properties") ? schema["properties"] : kNone;
    const bool closed = schema.contains("additionalProperties") && schema["additionalProperties"] == false &&
                        !schema.contains("patternProperties");
    for (auto it = value.begin(); it != value.end();) {
      if (closed && !properties.contains(it.key())) {
        problems.push_back({pointer + "/" + escaped(it.key()), unknownKey(properties, it.key())});
        it = value.erase(it);
        continue;
      }
      if (const Json* of = child(root, schema, it.key())) {
        takeUnknownKeys(root, *of, it.value(), pointer + "/" + escaped(it.key()), problems);
      }
      ++it;
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (const Json* of = child(root, schema, std::to_string(i))) {
        takeUnknownKeys(root, *of, value[i], pointer + "/" + std::to_string(i), problems);
      }
    }
  }
}

std::string listed(const Json& values) {
  std::string out;
  for (const auto& value : values) {
    out += (out.empty() ? "" : ", ") + (value.is_string() ? value.get<std::string>() : dumpJson(value));
    if (out.size() > kMaxListed) return out + ", …";
  }
  return out;
}

std::string typeText(const Json& type) {
  static const std::map<std::string, std::string> kWords{
      {"object", "a map"},          {"array", "a list"},    {"string", "text"}, {"integer", "a whole number"},
      {"boolean", "true or false"}, {"number", "a number"}, {"null", "nothing"}};
  if (type.is_array()) {
    std::string out;
    for (const auto& one : type)
      out += (out.empty() ? "" : " or ") + typeText(one);
    return out;
  }
  const auto word = kWords.find(type.is_string() ? type.get<std::string>() : "");
  return word == kWords.end() ? "another type" : word->second;
}

std::string bounds(const Json& schema) {
  std::string out;
  if (schema.contains("minimum")) out += " from " + dumpJson(schema["minimum"]);
  if (schema.contains("maximum")) out += " up to " + dumpJson(schema["maximum"]);
  if (schema.contains("minLength")) out += " of at least " + dumpJson(schema["minLength"]) + " characters";
  if (schema.contains("maxLength")) out += " of at most " + dumpJson(schema["maxLength"]) + " characters";
  if (schema.contains("minItems")) out += " of at least " + dumpJson(schema["minItems"]) + " items";
  if (schema.contains("maxItems")) out += " of at most " + dumpJson(schema["maxItems"]) + " items";
  if (schema.contains("pattern")) out += " that matches " + schema["pattern"].get<std::string>();
  return out;
}

std::string expectation(const Json* schema, const std::string& fallback) {
  if (schema != nullptr && schema->is_object()) {
    if (schema->contains("x-expected") && (*schema)["x-expected"].is_string()) {
      return "expected " + (*schema)["x-expected"].get<std::string>();
    }
    if (schema->contains("const")) return "expected " + listed(Json::array({(*schema)["const"]}));
    if (schema->contains("enum")) return "expected one of " + listed((*schema)["enum"]);
    if (schema->contains("type")) return "expected " + typeText((*schema)["type"]) + bounds(*schema);
  }
  return fallback;
}

// "<root>", ["schedule"], [0] -> /schedule/0
std::string pointerOf(const std::vector<std::string>& context) {
  std::string out;
  for (const auto& part : context) {
    if (part.size() < 2 || part.front() != '[') continue;
    std::string key = part.substr(1, part.size() - 2);
    if (key.size() >= 2 && key.front() == '"') key = key.substr(1, key.size() - 2);
    out += "/" + escaped(key);
  }
  return out;
}

const Json* schemaAt(const Json& root, const std::string& pointer) {
  const Json* at = &resolve(root, root);
  Json::json_pointer rest(pointer);
  std::vector<std::string> keys;
  for (; !rest.empty(); rest.pop_back())
    keys.push_back(rest.back());
  for (auto key = keys.rbegin(); key != keys.rend() && at != nullptr; ++key)
    at = child(root, *at, *key);
  return at;
}

std::string problemText(const Json& root, const std::string& pointer, const std::string& description) {
  constexpr std::string_view kMissing = "Missing required property '";
  if (description.rfind(kMissing, 0) == 0) {
    const std::string key =
        description.substr(kMissing.size(), description.find('\'', kMissing.size()) - kMissing.size());
    const Json* schema = schemaAt(root, pointer);
    return key + " is missing: " +
           expectation(schema == nullptr ? nullptr : child(root, *schema, key), "it is required");
  }
  return expectation(schemaAt(root, pointer), description);
}

// Of nested failures the innermost one says what is wrong; the validator reports it first.
void addInnermost(const Json& root, valijson::ValidationResults& results,
                  std::vector<SchemaProblem>& problems) {
  std::vector<SchemaProblem> found;
  for (const auto& error : results) {
    const std::string pointer = pointerOf(error.context);
    const bool outer = std::any_of(found.begin(), found.end(), [&](const SchemaProblem& p) {
      return p.pointer == pointer || p.pointer.rfind(pointer + "/", 0) == 0;
    });
    const bool missing = error.description.rfind("Missing required", 0) == 0;
    if (!outer || missing) found.push_back({pointer, problemText(root, pointer, error.description)});
  }
  problems.insert(problems.end(), found.begin(), found.end());
}

}  // namespace

Result<std::vector<SchemaProblem>> checkAgainst(const Json& schema, const Json& value) {
  std::vector<SchemaProblem> problems;
  if (const auto fault = unusable(schema))
    return fail(Code::kInvalid, "the schema cannot be used: " + *fault);
  if (const auto place = tooLongToMatch(schema, value)) {
    problems.push_back({*place, "expected at most " + std::to_string(kMaxMatchedBytes) + " bytes"});
    return problems;
  }
  try {
    Json rest = value;
    takeUnknownKeys(schema, resolve(schema, schema), rest, "", problems);
    valijson::Schema compiled;
    valijson::SchemaParser parser;
    const valijson::adapters::NlohmannJsonAdapter schema_adapter(schema);
    parser.populateSchema(schema_adapter, compiled);
    const valijson::adapters::NlohmannJsonAdapter value_adapter(rest);
    valijson::ValidationResults results;
    valijson::Validator validator;
    if (!validator.validate(compiled, value_adapter, &results)) addInnermost(schema, results, problems);
  } catch (const std::exception& error) {  // the schema is a plugin's: its mistakes are not ours
    return fail(Code::kInvalid, std::string("the schema cannot be used: ") + error.what());
  }
  return problems;
}

void fillDefaults(const Json& schema, Json& value) {
  if (!schema.is_object() || !value.is_object() || !schema.contains("properties")) return;
  for (const auto& [key, of] : schema["properties"].items()) {
    const Json& property = resolve(schema, of);
    if (!property.is_object()) continue;
    if (!value.contains(key) && property.contains("default")) value[key] = property["default"];
    if (value.contains(key)) fillDefaults(property, value[key]);
  }
}

}  // namespace redflag::settings
