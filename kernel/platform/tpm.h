#pragma once
// The machine's TPM 2.0, asked for one thing: what a key of its own makes of a text. That key is derived
// inside the TPM from its owner's seed and never leaves it, so that nobody says the same without this very
// TPM.

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace redflag::platform {

constexpr std::size_t kTpmMacBytes = 32;
constexpr const char* kTpmDevice = "/dev/tpmrm0";

// HMAC-SHA-256 of at most 1,024 bytes: the same for the same text until the TPM is cleared. nullopt: there is
// no TPM here. kDenied: its device, or its owner's password, is not ours; kUnavailable, kIo: it does not
// answer. `device`: where commands are written and answers read; a software TPM's socket does as well.
Result<std::optional<std::string>> tpmMac(const std::string& text,
                                          const std::filesystem::path& device = kTpmDevice);

}  // namespace redflag::platform
