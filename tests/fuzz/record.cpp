// An uploaded row against the table of record kinds.
#include "fuzz.h"
#include "protocol/record_check.h"
#include "protocol/record_kinds.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(record) {
  static_cast<void>(protocol::isForeignKind(input));
  static_cast<void>(protocol::isForeignField(input));
  static_cast<void>(protocol::isFieldName(input));
  static_cast<void>(protocol::isCleanText(input));
  const auto json = parseJson(input, {.bytes = 64U << 10U, .depth = 12, .values = 10'000});
  if (!json || !protocol::checkRecord(*json, "row")) return;
  claim(json->is_object() && json->contains("record"), "a row that passes has a kind");
  for (const auto& [name, value] : json->items())
    if (value.is_string())
      claim(protocol::isCleanText(value.get_ref<const std::string&>()), "no text fakes another line");
}

}  // namespace redflag::fuzz
