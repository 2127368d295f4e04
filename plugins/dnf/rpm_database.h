#pragma once
// The files of rpm's database, which is where /var/lib/rpm is or leads to.

#include <string>
#include <vector>

#include "settings.h"

namespace redflag::dnf {

// Those that hold installed packages: of SQLite, Berkeley DB and ndb. What librpm writes beside them even
// when it only reads is not among them.
std::vector<std::string> rpmDatabaseFiles(const Settings& settings);

bool hasRpmDatabase(const Settings& settings);

// Whose lock is held by who changes it.
std::string rpmLockFile(const Settings& settings);

}  // namespace redflag::dnf
