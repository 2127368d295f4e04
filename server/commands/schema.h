#pragma once
// JSON Schema (draft 7) over values from outside.

#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "commands/command_types.h"

namespace redflag::commands {

// kInvalid when the schema itself is none.
Result<> checkSchema(const Json& schema);

// The first thing wrong with the value; nullopt when it is valid.
std::optional<FieldProblem> firstProblem(const Json& schema, const Json& value);

}  // namespace redflag::commands
