#pragma once
// What may be asked of a container engine, by anybody who may not be trusted with more: the Engine API would
// give its socket's holder the whole machine. Source: Docker Engine API 1.41; podman answers the same.

#include <string_view>

#include "base/json.h"

namespace redflag::kernel {

// True for exactly these, with the query keys named, each at most once:
//   /_ping  /version  /info
//   /images/json        all, digests
//   /containers/json    all
//   /images/NAME/json   /containers/NAME/json
bool isEngineQuestion(std::string_view target);

// Takes out what is nobody's business: every member named "Env", at any depth. In containers' environments
// are passwords.
void removeEnvironments(Json& answer);

// The same of what /info says of the engine's proxies: "user:password@" becomes "xxxxx:xxxxx@". Docker does
// so itself, as far as it can read the address; podman does not.
void maskProxyPasswords(Json& answer);

}  // namespace redflag::kernel
