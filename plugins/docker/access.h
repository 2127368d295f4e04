#pragma once
// What an admin gave for each registry: passwords, and authorities to trust.

#include <string>
#include <vector>

#include "credentials.h"
#include "redflag/sdk.hpp"
#include "registry.h"
#include "settings.h"

namespace redflag::docker {

// The admin's file of passwords; without one in the settings there are none. RF_MISCONFIGURED, or why it
// could not be read.
Result<Credentials> readCredentials(const rf::File& files, const Settings& settings);

// With every *.crt in the registry's folder, where the engine keeps them, too.
Registry::Access accessTo(const std::string& registry, const Credentials& credentials, const rf::File& files,
                          const Settings& settings);

}  // namespace redflag::docker
