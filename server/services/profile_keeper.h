#pragma once
// Brings agents' settings to what profiles wish, by orders like any other: one to an agent at a time, and
// only while it is in contact. Rounds over those of which something changed, and over what is under way.

#include "services/orders.h"
#include "services/settings_work.h"
#include "services/wished_settings.h"

namespace redflag::services {

class ProfileKeeper {
 public:
  ProfileKeeper(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  // The server's own thread alone calls it. What fails is tried again in the next round.
  void sweep();

 private:
  struct Step {
    store::AgentSettings row;
    SettingsPatch patch;
    SettingsStep step;
    std::optional<store::Command> before;
  };

  std::vector<Step> steps() const;
  void orderAll(std::vector<Step> steps);
  void keepAll(const std::vector<Step>& steps);
  bool withdraw(store::WriteTransaction& tx, const Step& step) const;

  const Context& context_;
  Orders& orders_;
};

}  // namespace redflag::services
