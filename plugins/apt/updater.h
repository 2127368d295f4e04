#pragma once
// rf.updater/1 for apt: plans unprivileged and without locks, installs exactly what was planned.

#include "plan.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::apt {

class AptUpdater {
 public:
  AptUpdater(const Settings& settings, const rf::Host& host, rf::Run& run)
      : settings_(settings), host_(host), run_(run), clock_(host), progress_(host) {}

  rf::Status plan(std::string_view request, rf::Output& result);
  rf::Status download(std::string_view request, rf::Output& result);
  rf::Status install(std::string_view request, rf::Output& result);
  // To older versions, from the archives or from what apt kept of earlier downloads.
  rf::Status rollback(std::string_view request, rf::Output& result);
  // Writes {"updates":[{"name","arch","version","installed_version","verified":bool}…]}: is the approved
  // version, or a newer one, completely installed?
  rf::Status verify(std::string_view request, rf::Output& result);
  rf::Status repair(rf::Output& result);

 private:
  struct Prepared {
    std::unique_ptr<Session> session;
    Plan plan;
  };
  Result<Prepared> prepare(const Request& request);
  Result<Prepared> prepareAsPlanned(const Request& request);  // or apt.plan_changed
  rf::Status carryOut(std::string_view text, bool rollback, rf::Output& result);
  Result<Json> runInstall(const Request& request);
  Result<Json> outcome(const Plan& plan, const std::string& errors);

  const Settings& settings_;
  rf::Host host_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::apt
