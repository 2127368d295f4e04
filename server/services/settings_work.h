#pragma once
// When an order is given that brings an agent's settings to what is wished: once for one wish, again with
// growing pauses where it failed for a while, and not again where the agent refused. Pure.

#include <optional>
#include <string>

#include "store/commands.h"
#include "store/profiles.h"

namespace redflag::services {

constexpr std::int64_t kMostSettingsTries = 6;

struct SettingsStep {
  bool order = false;        // now
  bool withdraw = false;     // first, the command that was ordered before and is not in the agent's hands
  store::SettingsWork work;  // as it is to be stored; with an order, but for the command's id
};

// `patch`: a hash of what is to be ordered, "" where there is nothing; `seen`: of what it was judged by;
// `command`: of before.command_id, where there is one.
SettingsStep nextStep(const store::SettingsWork& before, const std::string& patch, const std::string& seen,
                      const std::optional<store::Command>& command, std::int64_t now);

}  // namespace redflag::services
