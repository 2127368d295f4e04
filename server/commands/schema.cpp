#include "commands/schema.h"

// Without it valijson ends the program on a schema it dislikes, and schemas come from plugins.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/pattern_guard.h"

namespace redflag::commands {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

Result<> parse(const Json& schema, valijson::Schema& parsed) {
  if (!schema.is_object()) return fail(Code::kInvalid, "a JSON Schema is an object");
  if (const auto fault = unusable(schema)) return fail(Code::kInvalid, "not a JSON Schema to use: " + *fault);
  try {
    valijson::SchemaParser parser;
    parser.populateSchema(Adapter(schema), parsed);
  } catch (const std::exception& e) {
    return fail(Code::kInvalid, std::string("not a JSON Schema: ") + e.what());
  }
  return {};
}

// valijson's context is ["<root>", "[updates]", "[0]"]: to /updates/0.
std::string pointer(const std::vector<std::string>& context) {
  std::string path;
  for (const std::string& part : context) {
    if (part.size() < 2 || part.front() != '[') continue;
    path += '/';
    for (const char c : part.substr(1, part.size() - 2))
      path += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return path;
}

}  // namespace

Result<> checkSchema(const Json& schema) {
  valijson::Schema parsed;
  if (auto ok = parse(schema, parsed); !ok) return ok;
  if (const auto bad = badPattern(schema))
    return fail(Code::kInvalid, "not a JSON Schema: the pattern \"" + *bad + "\" is no regular expression");
  return {};
}

std::optional<FieldProblem> firstProblem(const Json& schema, const Json& value) {
  valijson::Schema parsed;
  if (const auto ok = parse(schema, parsed); !ok) return FieldProblem{"", ok.error().text};
  if (const auto place = tooLongToMatch(schema, value))
    return FieldProblem{*place, "expected at most " + std::to_string(kMaxMatchedBytes) + " bytes"};
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(parsed, Adapter(value), &results)) return std::nullopt;
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return FieldProblem{"", "does not match the schema"};
  return FieldProblem{pointer(error.context), error.description};
}

}  // namespace redflag::commands
