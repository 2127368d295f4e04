#include <algorithm>
#include <array>

#include "commands/loaded_types.h"
#include "commands/schema.h"

namespace redflag::commands {
namespace {

constexpr std::size_t kMaxText = 2000;
constexpr std::int64_t kDay_s = 86'400;

void requireOneOf(JsonReader& in, const char* key, const std::string& value,
                  std::initializer_list<const char*> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string expected = "one of";
  for (const char* choice : allowed)
    expected += std::string(" ") + choice;
  in.refuse(key, expected);
}

std::vector<std::string> texts(JsonReader& in, const char* key) {
  std::vector<std::string> values;
  for (const Json& value : in.array(key, 32)) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > 64) {
      in.refuse(key, "a list of short texts");
      break;
    }
    values.push_back(value.get<std::string>());
  }
  return values;
}

}  // namespace

Result<CommandType> readDescription(const Json& description, const std::string& expected_id) {
  JsonReader in(description, "describe");
  CommandType type;
  type.id = in.text("type", 64);
  if (type.id != expected_id) in.refuse("type", "\"" + expected_id + "\", the manifest's id");
  type.title = in.text("title", 100);
  type.description = in.text("description", kMaxText);
  type.permission = in.text("permission", 16);
  requireOneOf(in, "permission", type.permission, {"technician", "approver", "admin"});
  type.risk = in.text("risk", 16);
  requireOneOf(in, "risk", type.risk, {"none", "low", "high", "destructive"});
  type.needs_approval = in.boolean("needs_approval");
  type.listed = in.optionalBoolean("listed", true);
  type.prepared_by = in.optionalText("prepared_by", 64);
  type.timeout_s = in.integer("timeout_s", 10, 7 * kDay_s);
  type.valid_s = in.optionalInteger("valid_s", 60, 90 * kDay_s, kDay_s);
  type.max_attempts = in.integer("max_attempts", 1, 100);
  type.idempotency_fields = texts(in, "idempotency_fields");
  type.parameters_schema = in.object("parameters_schema");
  type.result_schema = in.object("result_schema");
  for (auto& effect : texts(in, "effects")) {
    static constexpr std::array kEffects = {"updates.planned", "updates.installed", "updates.failed",
                                            "updates.rolled_back", "follow_up"};
    if (std::find(kEffects.begin(), kEffects.end(), effect) == kEffects.end())
      in.refuse("effects", "effects that exist");
    type.effects.insert(std::move(effect));
  }
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  for (const auto* schema : {&type.parameters_schema, &type.result_schema}) {
    if (auto ok = checkSchema(*schema); !ok) return failAt("describe", ok.error());
  }
  return type;
}

}  // namespace redflag::commands
