#pragma once
// Carries out one order to download, to install or to go back: plans again, compares, asks the policy, does
// it, and mends what a broken one leaves. Everything it decides on is in the journal, so that it goes on
// after a restart where it was. A download leaves nothing to mend, and has to make way: it is stopped when
// its order expires, which is when the install that it is for may begin.

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "executor/host_work.h"
#include "executor/journal.h"
#include "executor/local_plan.h"
#include "executor/rules.h"

namespace redflag::kernel {

struct InstallLimits {
  std::int64_t soft_ns = 3600 * kSecondNs;      // then the install stops between two packages
  std::int64_t hard_ns = 2 * 3600 * kSecondNs;  // then it is killed and mended
  std::int64_t repair_ns = 1800 * kSecondNs;
  std::int64_t action_ns = 1800 * kSecondNs;  // then an action that is no install is asked to stop
  std::int64_t repair_pause_ns =
      5 * kSecondNs;  // between attempts: what the install left may still hold the lock
};

class Installer {
 public:
  // The references must outlive it.
  Installer(InstallLimits limits, RulesSource& rules, HostWork& hosts, const Clock& clock,
            std::string boot_id)
      : limits_(limits), rules_(rules), hosts_(hosts), clock_(clock), boot_id_(std::move(boot_id)) {}

  // How the begun order ended; nullopt when we were told to stop first: the next executor goes on with it.
  std::optional<Outcome> run(JournalEntry& entry);

 private:
  std::optional<Outcome> plan(JournalEntry& entry);
  std::optional<Outcome> planWith(JournalEntry& entry, const Rules& rules);
  std::optional<Outcome> judge(JournalEntry& entry, const Rules& rules, const PluginSetup& setup,
                               const LocalPlan& plan);
  std::optional<Outcome> install(JournalEntry& entry, const PluginSetup& setup, const LocalPlan& plan);
  std::optional<Outcome> resumeInstall(JournalEntry& entry);
  std::optional<Outcome> followInstall(JournalEntry& entry, HostRun& run, bool attached);
  Following limitsOf(const JournalEntry& entry) const;
  std::optional<Outcome> ended(JournalEntry& entry, const Followed& followed, bool rebooted);

  // installer_repair.cpp. entry.outcome says what is being mended; the answer is that with what became of it.
  std::optional<Outcome> mend(JournalEntry& entry);
  struct Repair {
    enum { kDone, kTryAgain, kStopped } state;
    std::string text;
  };
  Repair repairOnce(JournalEntry& entry);
  Repair followRepair(JournalEntry& entry, HostRun& run, bool attached);

  InstallLimits limits_;
  RulesSource& rules_;
  HostWork& hosts_;
  const Clock& clock_;
  std::string boot_id_;
};

}  // namespace redflag::kernel
