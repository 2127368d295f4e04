#include "store/update_life.h"

#include <array>

namespace redflag::store {
namespace {

using S = UpdateState;
constexpr auto kNo = static_cast<S>(-1);

constexpr auto Av = S::kAvailable;
constexpr auto Ap = S::kApproved;
constexpr auto Pl = S::kPlanned;
constexpr auto Co = S::kAwaitingConfirmation;
constexpr auto Ig = S::kInstalling;
constexpr auto Id = S::kInstalled;
constexpr auto Re = S::kAwaitingReboot;
constexpr auto Ve = S::kVerified;
constexpr auto Fa = S::kFailed;
constexpr auto Su = S::kSuperseded;
constexpr auto El = S::kResolvedElsewhere;
constexpr auto Ho = S::kIgnored;
constexpr auto Cl = S::kCleared;

// clang-format off
constexpr std::array<std::array<S, kUpdateStates>, kUpdateEvents> kLife = {{
    // available approved planned confirm installing installed reboot verified failed superseded elsewhere ignored cleared
    {Av, Ap, Pl, Co, Ig, Id, Re, Fa, Fa, Av, Av, Ho, Cl},             // listed (again after it was verified: a regression)
    {El, El, El, El, Ig, Id, Re, Ve, El, Su, El, El, El},             // gone
    {Su, Ap, Pl, Co, Ig, Id, Re, Ve, Su, Su, El, Su, Su},             // newer offered: what was ordered stays ordered
    {Ap, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Ap, kNo, kNo, kNo, Ap},   // approved
    {kNo, Av, Av, Av, Av, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Av},     // withdrawn
    {kNo, Pl, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // plan covered
    {kNo, Co, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // plan exceeds
    {kNo, kNo, kNo, Pl, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // confirmed
    {kNo, kNo, Ig, kNo, kNo, kNo, kNo, kNo, Ig, kNo, kNo, Ig, kNo},   // install started (late word after it counted as failed)
    {kNo, kNo, Id, kNo, Id, kNo, kNo, kNo, Id, kNo, kNo, Id, kNo},    // install done
    {kNo, kNo, kNo, kNo, kNo, Re, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // reboot needed
    {El, El, El, El, Ig, Ve, Ve, Ve, El, Su, El, El, El},             // proven (installing: the result is still to come)
    {Av, Ap, Pl, Co, Ig, Fa, Fa, Fa, Fa, Av, Av, Ho, Cl},             // disproven
    {kNo, Fa, Fa, Fa, Fa, Fa, Fa, kNo, kNo, kNo, kNo, kNo, kNo},      // failed
    {Ho, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Ho, kNo, kNo, Ho, Ho},    // ignored (again: by another rule)
    {kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Av, kNo}, // unignored
    {Cl, kNo, kNo, kNo, kNo, kNo, kNo, kNo, Cl, kNo, kNo, kNo, kNo},  // cleared
    {Av, kNo, kNo, kNo, kNo, Av, Av, Av, Av, Su, Av, Ho, Av},         // rolled back (failed: a scan that was quicker lists it again)
    {kNo, Ap, Pl, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo, kNo}, // passed on
}};
// clang-format on

constexpr std::array<const char*, kUpdateStates> kStateNames = {"available",
                                                                "approved",
                                                                "planned",
                                                                "awaiting_confirmation",
                                                                "installing",
                                                                "installed",
                                                                "awaiting_reboot",
                                                                "verified",
                                                                "failed",
                                                                "superseded",
                                                                "resolved_elsewhere",
                                                                "ignored",
                                                                "cleared"};

constexpr std::array<const char*, kUpdateEvents> kEventNames = {
    "listed",        "gone",         "newer_offered", "approved",        "withdrawn",
    "plan_covered",  "plan_exceeds", "confirmed",     "install_started", "install_done",
    "reboot_needed", "proven",       "disproven",     "failed",          "ignored",
    "unignored",     "cleared",      "rolled_back",   "passed_on"};

}  // namespace

std::optional<UpdateState> after(UpdateState state, UpdateEvent event) {
  const S next = kLife.at(static_cast<std::size_t>(event)).at(static_cast<std::size_t>(state));
  if (next == kNo) return std::nullopt;
  return next;
}

bool closed(UpdateState state) {
  return state == S::kVerified || state == S::kSuperseded || state == S::kResolvedElsewhere;
}

const char* name(UpdateState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}
const char* name(UpdateEvent event) {
  return kEventNames.at(static_cast<std::size_t>(event));
}

std::optional<UpdateState> updateState(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == name) return static_cast<UpdateState>(i);
  }
  return std::nullopt;
}

}  // namespace redflag::store
