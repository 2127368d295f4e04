#pragma once
// rf.updater/1 for dnf: plans unprivileged and without locks, and lets dnf itself replay exactly what was
// planned.

#include "package_locks.h"
#include "plan.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf {

class DnfUpdater {
 public:
  DnfUpdater(const Settings& settings, const rf::Host& host, rf::Run& run)
      : settings_(settings), run_(run), clock_(host), progress_(host) {}

  rf::Status plan(std::string_view request, rf::Output& result);
  rf::Status download(std::string_view request, rf::Output& result);
  // Writes besides what every updater does "history_id": the number of dnf's transaction.
  rf::Status install(std::string_view request, rf::Output& result);
  // Writes {"updates":[{"name","arch","version","installed_version","verified":bool}…]}: is the approved
  // version, or a newer one, installed?
  rf::Status verify(std::string_view request, rf::Output& result);
  // To older versions that a repository still offers; a transaction of dnf's like any other.
  rf::Status rollback(std::string_view request, rf::Output& result);

 private:
  Result<Plan> prepare(const Request& request);
  Result<Plan> prepareAgain(const Request& request);
  Result<> fetch(const Plan& plan, const Patience& patience);
  Result<std::string> replay(const Plan& plan, const std::vector<std::string>& options,
                             const Patience& patience, const std::function<bool()>& stop);
  rf::Status carryOut(std::string_view text, bool rollback, rf::Output& result);
  Result<Json> runInstall(const Request& request);
  Result<Json> outcome(const Plan& plan, const std::string& errors, std::int64_t before);

  const Settings& settings_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::dnf
