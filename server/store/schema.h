#pragma once
// The steps of a database's schema, for people: what was applied, what a start of this program would apply.

#include <vector>

#include "store/open.h"
#include "store/sql/migrations.h"

namespace redflag::store {

// Every step this program knows; changes nothing. A database that is not there yet has none of them.
// http::Problem when it cannot be read, is newer than this program, or was made by another build.
std::vector<sql::MigrationState> schemaSteps(const Database& database);

// Carries the pending ones out and takes them back: throws what openStore() would, answers which ones.
std::vector<sql::MigrationState> trySchemaSteps(const Database& database, const Clock& clock = systemClock());

}  // namespace redflag::store
