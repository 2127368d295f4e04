#pragma once
// The fingerprint of this machine: one salted hash for each source that tells it from others. Never stored:
// it opens the agent's key (sealed_key.h). Some sources are root's to read, so that the broker takes it for
// the kernel (broker/brokered_marks.h).

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/machine_marks.h"
#include "platform/tpm.h"

namespace redflag::kernel {

constexpr std::size_t kMarkSaltBytes = 32;
constexpr std::size_t kMarkHashBytes = 32;

struct Mark {
  std::string source;
  std::string hash;  // kMarkHashBytes
};

// Why a value tells this machine from no other ("a board maker's filler"); nullptr when it does.
const char* whyNoMark(const std::string& value);

// One mark a source, in the order of `found`. Left out: a source with nothing but junk, and one that says the
// same as an earlier one. Of several disks or interfaces all together are one mark, so that a shelf of disks
// that moves to another machine does not outvote the rest.
std::vector<Mark> marksOf(const std::vector<platform::MachineMark>& found, const std::string& salt);

// Of the machine's TPM, where there is one: made by a key that never leaves it, so that no copy has it.
constexpr const char* kTpmSource = "tpm";
// The same, and the TPM's, last. Without the latter where the TPM is not this user's to ask; kUnavailable
// when it should answer and does not.
Result<std::vector<Mark>> marksWithTpm(const std::vector<platform::MachineMark>& found,
                                       const std::string& salt,
                                       const std::filesystem::path& tpm = platform::kTpmDevice);

// kUnavailable: they cannot be read now. [any thread]
using MarkReader = std::function<Result<std::vector<Mark>>(const std::string& salt)>;
// What this process's own user may read.
MarkReader ownMarks();

}  // namespace redflag::kernel
