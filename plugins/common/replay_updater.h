#pragma once
// rf.updater/1 by a manager that carries out a transaction written down beforehand, and refuses everything
// that is not in it: plans unprivileged and without locks, then lets the manager itself replay exactly that.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/child.h"
#include "common/order.h"
#include "common/package_locks.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

class ReplayUpdater {
 public:
  virtual ~ReplayUpdater() = default;
  ReplayUpdater(const ReplayUpdater&) = delete;
  ReplayUpdater& operator=(const ReplayUpdater&) = delete;

  rf::Status plan(std::string_view request, rf::Output& result);
  rf::Status download(std::string_view request, rf::Output& result);
  // Writes besides what every updater does "history_id": the number of the manager's transaction.
  rf::Status install(std::string_view request, rf::Output& result);
  // Writes {"updates":[{"name","arch","version","installed_version","verified":bool}…]}: is the approved
  // version, or a newer one, installed?
  rf::Status verify(std::string_view request, rf::Output& result);
  // To older versions that a repository still offers; a transaction of the manager's like any other.
  rf::Status rollback(std::string_view request, rf::Output& result);

 protected:
  // `manager`: "dnf", with which codes begin.
  ReplayUpdater(std::string manager, const rf::Host& host, rf::Run& run)
      : manager_(std::move(manager)), run_(run), clock_(host), progress_(host) {}

  enum class Phase { kDownload, kInstall };
  // What a plan is made from: a copy of the scanner's own, where it keeps one, or what the manager has.
  enum class Metadata { kScanners, kManagers };

  // The rpm database as it is now.
  struct Installed {
    // Versions of that name and architecture ("": any).
    std::function<std::vector<std::string>(const std::string& name, const std::string& arch)> versionsOf;
    std::function<int(const std::string& one, const std::string& other)> compare;
  };

  std::string code(const char* name) const { return manager_ + "." + name; }

 private:
  virtual Result<Request> parse(std::string_view text, bool with_plan) = 0;
  virtual Result<Plan> prepare(const Request& request, Metadata metadata) = 0;
  // Root believes nothing of a copy of the scanner's own: if there may be one, the manager fetches its
  // metadata, as far as it can be had. False: nothing was fetched.
  virtual Result<bool> catchUp() { return false; }
  virtual Result<Installed> installed() = 0;
  virtual std::vector<std::string> lockFiles() = 0;
  // Number of the manager's newest transaction; 0: none, or not readable.
  virtual std::int64_t newestTransaction() = 0;
  // The plan for the manager, in a file of that name in a folder of its own.
  virtual std::pair<const char*, Json> documentOf(const Plan& plan) = 0;
  virtual std::vector<std::string> commandFor(Phase phase, const Plan& plan, const std::string& folder) = 0;
  // Whether it ended because another one is at work.
  virtual bool isLockedOut(const ChildEnd& ended) = 0;
  // Whether a line of the manager's is about a key that is missing, and what an administrator has to do about
  // it by all those lines; "": it ended for another reason.
  virtual bool mentionsKeys(const std::string& line) = 0;
  virtual std::string sentenceOnMissingKeys(const Plan& plan, const std::string& lines) = 0;

  Result<Plan> prepareAgain(const Request& request);
  Result<> fetch(const Plan& plan, const Patience& patience);
  Result<std::string> carryOut(Phase phase, const Plan& plan, const Patience& patience,
                               const std::function<bool()>& stop);
  rf::Status change(std::string_view text, bool rollback, rf::Output& result);
  Result<Json> runInstall(const Request& request);
  Result<Json> outcome(const Plan& plan, const std::string& errors, std::int64_t before);

  std::string manager_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::plugin
