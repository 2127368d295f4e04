#pragma once
// The bytes of a JSON value that TUF signs: "canonical JSON" of the OLPC project. Members sorted by code
// point, no white space, only `"` and `\` escaped, whole numbers only.

#include <string>

#include "base/json.h"

namespace redflag::tuf {

// kInvalid for a number with a fraction or exponent: it has no canonical form.
Result<std::string> canonicalJson(const Json& value);

}  // namespace redflag::tuf
