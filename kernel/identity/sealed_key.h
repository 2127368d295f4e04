#pragma once
// The agent's key as a file: readable by its owner alone, and sealed to the machine it was made on, so that a
// copied or restored folder does not become a second agent. This stops copies, not root on this machine.

#include <filesystem>
#include <string>

#include "base/result.h"
#include "protocol/keys.h"

namespace redflag::kernel {

// `machine_id`: what names this machine; "" where the system has none, and the key is then bound to nothing.
Result<> saveSealedKey(const std::filesystem::path& file, const protocol::SigningKey& key,
                       const std::string& machine_id);

// kNotFound; kDenied when it was made on another machine, or others than its owner could have
// written it; kCorrupt.
Result<protocol::SigningKey> loadSealedKey(const std::filesystem::path& file, const std::string& machine_id);

}  // namespace redflag::kernel
