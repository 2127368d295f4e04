#pragma once
// The last hand-over of this agent's key: `identity/handover.json`, the owner's alone. While the key it hands
// over to lies beside the present one (IdentityStore::loadNextKey), the server may or may not have taken it.

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

struct HandoverState {
  std::string command_id;  // of the order that asked for it
  std::string new_key;     // public, 32 raw bytes
  Json handover;           // sdk/protocol/key_handover.h, as it is sent each time
};

// kNotFound where there was none; kCorrupt.
Result<HandoverState> loadHandover(const std::filesystem::path& identity_folder);
// Durable when it returns.
Result<> saveHandover(const std::filesystem::path& identity_folder, const HandoverState& state);
Result<> forgetHandover(const std::filesystem::path& identity_folder);

}  // namespace redflag::kernel
