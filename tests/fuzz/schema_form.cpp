// A form's values against a command type's schema, and any schema against any value.
#include "commands/schema.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(schema_form) {
  static const Json kForm = Json::parse(R"({"type":"object","additionalProperties":false,"required":["units"],
    "properties":{"units":{"type":"array","minItems":1,"maxItems":50,"uniqueItems":true,"items":{"type":"string",
      "pattern":"^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*\\.service$"}},
      "delay_minutes":{"type":"integer","minimum":0,"maximum":1440},"message":{"type":"string","maxLength":200},
      "when":{"oneOf":[{"const":"now"},{"type":"string","format":"date-time"}]}}})");
  constexpr JsonLimits kLimits{.bytes = 64U << 10U, .depth = 12, .values = 2'000};
  const auto texts = parts(input, 2);
  const auto value = parseJson(texts.back(), kLimits);
  if (!value) return;
  static_cast<void>(commands::firstProblem(kForm, *value));
  const auto schema = parseJson(texts.front(), kLimits);
  if (!schema || !commands::checkSchema(*schema)) return;
  static_cast<void>(commands::firstProblem(*schema, *value));
}

}  // namespace redflag::fuzz
