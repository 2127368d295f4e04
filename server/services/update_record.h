#pragma once
// An uploaded update/1 row as the store keeps it.

#include "base/json.h"
#include "store/updates.h"

namespace redflag::services {

// `row` was accepted by protocol::checkRecord().
store::UpdateRecord toUpdate(const Json& row);

}  // namespace redflag::services
