#pragma once
// What stands behind an update's state, gathered from where each of it is kept: so that nobody has to believe
// "verified".

#include "api/update_outlook.h"
#include "base/json.h"
#include "store/store.h"
#include "store/updates.h"

namespace redflag::api {

// UpdateDetail of openapi.json. What is forgotten by now (`keep_days`) is null.
Json evidenceView(const store::ReadTransaction& tx, const store::Update& update, const Prospects& prospects);

}  // namespace redflag::api
