#pragma once
// The keys that orders are signed with, as the server's trust repository lists them: believed from the root
// that the enrolment bundle pins, by the rules of The Update Framework.

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "protocol/bundle.h"
#include "protocol/command_list.h"
#include "swarm/connection.h"

namespace redflag::swarm {

// A file of the repository by its name, "metadata/1.root.json". kNotFound: there is none of this name.
using TrustFiles = std::function<Result<std::string>(const std::string& name)>;

// `now_ns`: what decides about expiry. kDenied: what is offered is not to be believed. Errors of `files` are
// passed on, with the file's name.
Result<protocol::CommandList> readCommandKeys(const protocol::TrustRoot& pinned, const TrustFiles& files,
                                              std::int64_t now_ns);

// The same from the server, at /trust. Blocks. kUnavailable: there is no answer.
Result<protocol::CommandList> fetchCommandKeys(const protocol::TrustRoot& pinned, const Target& target);

}  // namespace redflag::swarm
