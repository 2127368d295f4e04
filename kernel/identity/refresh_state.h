#pragma once
// What an agent asks for its next access token with: `identity/refresh.json`, the owner's alone, and of no
// use without the agent's key.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

struct RefreshState {
  std::string agent_id;
  std::int64_t number = 0;    // of the newest state document that was answered
  std::string refresh_token;  // 32 raw bytes: what that answer brought
  Json pending;  // the document that is being sent, or null. Sent again as it is until it is answered
};

// kNotFound where there is none; kCorrupt.
Result<RefreshState> loadRefreshState(const std::filesystem::path& identity_folder);
// Durable when it returns.
Result<> saveRefreshState(const std::filesystem::path& identity_folder, const RefreshState& state);
Result<> forgetRefreshState(const std::filesystem::path& identity_folder);

}  // namespace redflag::kernel
