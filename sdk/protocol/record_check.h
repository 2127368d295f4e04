#pragma once
// An uploaded row against the table of record kinds: the server believes no agent.

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redflag::protocol {

// `record` is flat, with "record" (its kind) and perhaps "scope". kInvalid: "<place>.<field>: expected …".
// Third parties' kinds and fields may hold a text, a number or a list of texts.
Result<> checkRecord(const Json& record, const std::string& place);

}  // namespace redflag::protocol
