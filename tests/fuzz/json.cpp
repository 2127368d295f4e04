// JSON within limits: what is accepted has one text, and reads back as itself.
#include "base/json.h"

#include "base/encoding.h"
#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(json) {
  constexpr JsonLimits kLimits{.bytes = 16U << 10U, .depth = 12, .values = 2'000};
  const auto json = parseJson(input, kLimits);
  if (!json) {
    claim(!json.error().text.empty(), "a refusal says why");
    return;
  }
  claim(input.size() <= kLimits.bytes, "no text over the limit is accepted");
  const auto text = dumpJson(*json);
  claim(isUtf8(text), "what is written is UTF-8");
  const auto again = parseJson(text, {.bytes = 256U << 10U, .depth = 12, .values = 2'000});
  claim(again.has_value() && *again == *json, "what was written reads back");

  JsonReader in(*json, "input");
  in.text("id", 64);
  in.optionalText("name", 16);
  in.integer("count", -5, 5);
  in.optionalBoolean("flag", true);
  in.texts("texts", 8);
  for (const Json& item : in.optionalArray("items", 100)) {
    JsonReader one(item, "input.items");
    one.object("inner");
    static_cast<void>(one.finish());
  }
  static_cast<void>(in.finish());
}

}  // namespace redflag::fuzz
