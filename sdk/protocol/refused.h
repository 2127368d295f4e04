#pragma once
// Why an order is not carried out: a stable code (the `refusal` item's and the command's `code`), and a text
// for people.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace redflag::protocol {

namespace refusal {
inline constexpr const char* kBadSignature = "bad_signature";
inline constexpr const char* kWrongAgent = "wrong_agent";
inline constexpr const char* kWrongClient = "wrong_client";
inline constexpr const char* kUnknownKey = "unknown_key";
inline constexpr const char* kExpired = "expired";
inline constexpr const char* kNotYetValid = "not_yet_valid";
inline constexpr const char* kClock = "clock";
inline constexpr const char* kReplayed = "replayed";
inline constexpr const char* kIdReused = "id_reused";
inline constexpr const char* kUnknownVersion = "unknown_version";
inline constexpr const char* kUnknownAction = "unknown_action";
inline constexpr const char* kPolicy = "policy";
inline constexpr const char* kMalformed = "malformed";
inline constexpr const char* kPlanChanged = "plan_changed";
inline constexpr const char* kModeReport = "mode_report";
inline constexpr const char* kOldEpoch = "old_epoch";
// No order: somebody who may not, or does not know how to, talked to the executor's socket.
inline constexpr const char* kConnection = "connection";
}  // namespace refusal

struct Refused {
  std::string code;
  std::string text;
};

template <class T = void>
using Verdict = tl::expected<T, Refused>;

inline tl::unexpected<Refused> refuse(std::string code, std::string text) {
  return tl::unexpected<Refused>(Refused{std::move(code), std::move(text)});
}

}  // namespace redflag::protocol
