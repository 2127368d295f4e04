#pragma once
// rf.updater/1 for dnf5: planned by its solver, carried out by `dnf5 replay`.

#include "client.h"
#include "common/replay_updater.h"
#include "plan.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf5 {

class Dnf5Updater : public plugin::ReplayUpdater {
 public:
  // No setting has anything to do with it.
  Dnf5Updater(const Settings&, const rf::Host& host, rf::Run& run)
      : ReplayUpdater("dnf5", host, run), host_(host), client_(host) {}

 private:
  Result<Request> parse(std::string_view text, bool with_plan) override;
  Result<Plan> prepare(const Request& request, Metadata metadata) override;
  Result<Installed> installed() override;
  std::vector<std::string> lockFiles() override;
  std::int64_t newestTransaction() override;
  std::pair<const char*, Json> documentOf(const Plan& plan) override;
  std::vector<std::string> commandFor(Phase phase, const Plan& plan, const std::string& folder) override;
  bool isLockedOut(const plugin::ChildEnd& ended) override;
  bool mentionsKeys(const std::string& line) override;
  std::string sentenceOnMissingKeys(const Plan& plan, const std::string& lines) override;

  rf::Host host_;
  Client client_;
};

}  // namespace redflag::dnf5
