#pragma once
// Checks values against a JSON Schema (draft 7) and says what was expected in words an admin can act on. A
// schema may say so itself with "x-expected": "a duration like 90s, 15m or 6h".

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::settings {

struct SchemaProblem {
  std::string pointer;  // JSON pointer to the value, or to the unknown key
  std::string text;     // "expected …"
};

// Empty: valid. Unknown keys of closed objects name the nearest known one. kInvalid: the schema itself is
// unusable.
Result<std::vector<SchemaProblem>> checkAgainst(const Json& schema, const Json& value);

// Fills in every "default" of the schema's properties that `value` does not have.
void fillDefaults(const Json& schema, Json& value);

}  // namespace redflag::settings
