#pragma once
// `redflag-plugin-check record` and `fuzz`.

#include <cstdint>
#include <filesystem>
#include <optional>

#include "validator/check.h"
#include "validator/recording.h"

namespace redflag::validator {

// One real run, in a process of its own, with everything the plugin wishes for. Afterwards `file` has what
// its services answered.
Result<> recordRun(const Target& target, const std::filesystem::path& file, int timeout_s);

struct FuzzPlan {
  std::uint64_t seed = 0;
  std::uint64_t rounds = 1000;
  std::optional<std::uint64_t> only;  // that round alone
  int timeout_s = 20;                 // of one round
};
struct FuzzFinding {
  std::uint64_t round = 0;
  Verdict verdict;
};
// The first round that the plugin did not survive; nullopt: all of them. Round 0 is the recording as it is.
std::optional<FuzzFinding> fuzz(const Target& target, const Recording& recording, const FuzzPlan& plan);

}  // namespace redflag::validator
