#pragma once
// A publisher's signature under a plugin's manifest.

#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::validator {

// Signs the manifest, which must fit its library beside it, in place. `key`: a PEM file with an Ed25519 key,
// as `openssl genpkey -algorithm ed25519` makes it; where it has a passphrase, that is asked for on the
// terminal. Answers what agents' agent.yaml calls the publisher: "ed25519:…".
Result<std::string> signManifest(const std::filesystem::path& manifest, const std::filesystem::path& key);

}  // namespace redflag::validator
