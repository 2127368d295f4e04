#pragma once
// The machine's fingerprint as the broker takes it: with what only root may read, and without telling it.

#include <filesystem>

#include "identity/fingerprint.h"

namespace redflag::kernel {

MarkReader brokeredMarks(const std::filesystem::path& socket);

// The one way for all that make or open the agent's key, so that a key is bound to the same parts whoever
// made it: root reads them itself, now, and keeps them when it takes on another user; everybody else asks the
// broker, where there is one ("": none).
MarkReader marksOfThisMachine(const std::filesystem::path& broker_socket);

}  // namespace redflag::kernel
