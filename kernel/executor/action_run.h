#pragma once
// Carries out one order that is a plugin's own action (rf.actions/1): asks the plugin, in a host without
// rights, what it can do; holds the parameters against the action's schema; asks the policy; runs it once.

#include <optional>
#include <string>

#include "base/time.h"
#include "executor/host_work.h"
#include "executor/journal.h"
#include "executor/reboot_watch.h"
#include "executor/rules.h"

namespace redflag::kernel {

class ActionRun {
 public:
  // `limit_ns`: an action is asked to stop then, and killed a minute later. The references must outlive it.
  ActionRun(std::int64_t limit_ns, RulesSource& rules, HostWork& hosts, Journal& journal, const Clock& clock,
            BootFacts boot)
      : limit_ns_(limit_ns),
        rules_(rules),
        hosts_(hosts),
        journal_(journal),
        clock_(clock),
        boot_(std::move(boot)) {}

  // How the begun order ended; nullopt when we were told to stop first, or when it now waits in the journal
  // for a reboot.
  std::optional<Outcome> run(JournalEntry& entry);

 private:
  std::optional<Outcome> prepare(JournalEntry& entry);
  std::optional<Outcome> judge(JournalEntry& entry, const Rules& rules, const PluginSetup& setup,
                               const Json& list);
  std::optional<Outcome> begin(JournalEntry& entry, const PluginSetup& setup, Json parameters);
  std::optional<Outcome> resume(JournalEntry& entry);
  std::optional<Outcome> follow(JournalEntry& entry, HostRun& run, bool attached);
  std::optional<Outcome> beginAgain(JournalEntry& entry);
  std::optional<Outcome> conclude(JournalEntry& entry, const HostReport& report);

  std::int64_t limit_ns_;
  RulesSource& rules_;
  HostWork& hosts_;
  Journal& journal_;
  const Clock& clock_;
  BootFacts boot_;
};

}  // namespace redflag::kernel
