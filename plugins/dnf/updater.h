#pragma once
// rf.updater/1 for dnf: planned by libdnf, carried out by `dnf history replay`.

#include "common/replay_updater.h"
#include "plan.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf {

class DnfUpdater : public plugin::ReplayUpdater {
 public:
  DnfUpdater(const Settings& settings, const rf::Host& host, rf::Run& run)
      : ReplayUpdater("dnf", host, run), settings_(settings), host_(host), run_(run) {}

 private:
  Result<Request> parse(std::string_view text, bool with_plan) override;
  Result<Plan> prepare(const Request& request, Metadata metadata) override;
  Result<bool> catchUp() override;
  Result<Installed> installed() override;
  std::vector<std::string> lockFiles() override;
  std::int64_t newestTransaction() override;
  std::pair<const char*, Json> documentOf(const Plan& plan) override;
  std::vector<std::string> commandFor(Phase phase, const Plan& plan, const std::string& folder) override;
  bool isLockedOut(const plugin::ChildEnd& ended) override;
  bool mentionsKeys(const std::string& line) override;
  std::string sentenceOnMissingKeys(const Plan& plan, const std::string& lines) override;

  const Settings& settings_;
  rf::Host host_;
  rf::Run& run_;
};

}  // namespace redflag::dnf
