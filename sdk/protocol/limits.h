#pragma once
// Sizes, counts and times both sides keep to. A message past one of them is refused, not cut.

#include <cstddef>
#include <cstdint>

namespace redflag::protocol {

// Uploads.
constexpr std::size_t kMaxUploadItems = 64;
constexpr std::size_t kMaxUploadBytes = 8U << 20;           // as sent, that is, compressed
constexpr std::size_t kMaxExpandedUploadBytes = 64U << 20;  // after expansion
constexpr std::size_t kMaxUploadDepth = 24;
constexpr std::size_t kMaxUploadValues = 4'000'000;
// An item that is too long for one upload, in parts of its text.
constexpr std::size_t kMaxItemBytes = 64U << 20;
constexpr std::size_t kMaxPartBytes = 2U << 20;  // before the text is quoted
constexpr std::size_t kMaxParts = 64;

// What one scan may say. The scope "" of rows outside of any comes on top, and the report of how the run
// ended.
constexpr std::size_t kMaxScanScopes = 2'000;
constexpr std::size_t kMaxScanReports = 1'000;

// What one action may answer: its text is at most host::kMaxResultBytes.
constexpr std::size_t kMaxResultValues = 2'000'000;

// An agent's own errors.
constexpr std::size_t kMaxToldErrors = 64;         // kinds in one item
constexpr std::int64_t kMaxToldTimes = 1'000'000;  // of one kind

// Commands.
constexpr std::size_t kMaxActions = 16;
constexpr std::size_t kMaxParametersBytes = 2U << 20;  // of one action
constexpr std::size_t kMaxEnvelopeBytes = 4U << 20;    // the canonical body
constexpr std::size_t kMaxFetchBytes = 16U << 20;      // an answer of /commands/fetch
constexpr std::size_t kMaxFetchedCommands = 64;
constexpr std::size_t kMaxOrderedUpdates = 5'000;  // of one manager on one agent; names and versions are long
constexpr std::size_t kMaxPlanSteps = 20'000;
constexpr std::size_t kMaxIdBytes = 64;  // of any id or name in an envelope

// How far issued-at, or a signature's `created`, may be from the reader's clock.
constexpr std::int64_t kClockToleranceNs = 300LL * 1'000'000'000LL;
constexpr std::int64_t kClockToleranceS = 300;

constexpr std::size_t kMaxBundleBytes = 64U << 10;
constexpr std::size_t kMinBundleAuthorities = 2;

}  // namespace redflag::protocol
