#pragma once
// Asks the running agent of this machine.

#include <cstdint>
#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace redflag::kernel {

constexpr const char* kAgentSocket = "agent.sock";

// `run_folder`: platform::Paths::run. kUnavailable: no agent runs there. Its own refusals come as errors.
Result<Json> askAgent(const std::filesystem::path& run_folder, const Json& request,
                      std::int64_t timeout_ns = 10 * kSecondNs);

}  // namespace redflag::kernel
