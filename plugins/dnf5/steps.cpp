#include "steps.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "advice.h"
#include "common/reboot_names.h"
#include "rpm_version.h"

namespace redflag::dnf5 {
namespace {

using plugin::Plan;
using plugin::Step;
using plugin::Wanted;

const char* operationOf(Change change) {
  if (change == Change::kUpgrade) return "upgrade";
  return change == Change::kDowngrade ? "downgrade" : "install";
}

// As dnf5 writes it down.
const char* reasonOf(Change change) {
  if (change == Change::kInstallDependency) return "Dependency";
  return change == Change::kInstallWeakDependency ? "Weak Dependency" : "User";
}

// Turns dnf5's rows into steps.
class Steps {
 public:
  Steps(const Known& known, const std::vector<Wanted>& wanted)
      : installed_(known.installed), offers_(known.offers), advisories_(known.advisories), wanted_(wanted) {}

  Result<Plan> take(const std::vector<Row>& rows) {
    for (const auto& row : rows)
      if (row.change != Change::kRemove) bring(row);
    for (const auto& row : rows)
      if (row.change == Change::kRemove) remove(row.package, false);
    if (!unknown_.empty())
      return fail(RF_INTERNAL, "dnf5.malformed", "dnf5 names a package that it does not know: " + unknown_);
    std::sort(plan_.steps.begin(), plan_.steps.end(), [](const Step& a, const Step& b) {
      return std::tie(a.name, a.arch, a.operation, a.from) < std::tie(b.name, b.arch, b.operation, b.from);
    });
    return std::move(plan_);
  }

 private:
  void bring(const Row& row) {
    const auto& package = row.package;
    Step step;
    step.operation = operationOf(row.change);
    step.name = package.name;
    step.arch = package.arch;
    step.to = package.evr;
    step.repository = package.repository;
    step.category = "unknown";
    step.reason = reasonOf(row.change);
    step.requested = std::any_of(wanted_.begin(), wanted_.end(), [&](const Wanted& wanted) {
      return wanted.name == step.name && wanted.arch == step.arch && wanted.version == step.to;
    });
    const auto offer = offers_.find(nevraOf(package.name, package.evr, package.arch));
    if (offer == offers_.end()) return notKnown(package);
    plan_.download_bytes += offer->second.download_bytes;
    plan_.installed_bytes_delta += offer->second.installed_bytes;
    plan_.needs_reboot = plan_.needs_reboot || plugin::wantsReboot(step.name);
    replace(row, step);
    comeBeside(row, step);
    plan_.steps.push_back(std::move(step));
  }

  // The older version goes as part of the same step, and leaves its reason to be there.
  void replace(const Row& row, Step& step) {
    for (const auto& old : row.replaced) {
      const auto* there = installed_.find(old.name, old.arch, old.evr);
      if (there == nullptr) return notKnown(old);
      if (row.change == Change::kInstall || old.name == step.name) step.reason = there->reason;
      if (old.name != step.name || step.operation == "install") {
        remove(old, true);
        continue;
      }
      step.from = old.evr;
      step.replaced = nevraOf(old.name, old.evr, old.arch);
      plan_.installed_bytes_delta -= there->installed_bytes;
      if (step.operation == "upgrade")
        step.category = advisories_.between(step.name, step.arch, step.from, step.to).category;
    }
  }

  // Of a kernel the new version comes beside the older ones: an update all the same.
  void comeBeside(const Row& row, Step& step) const {
    if (step.operation != "install" || !row.replaced.empty()) return;
    std::string newest;
    for (const auto& version : installed_.versionsOf(step.name, step.arch))
      if (newest.empty() || compareEvr(version, newest) > 0) newest = version;
    if (!newest.empty() && compareEvr(newest, step.to) < 0)
      step.category = advisories_.between(step.name, step.arch, newest, step.to).category;
  }

  // `for_another`: one that is brought takes its place.
  void remove(const Package& package, bool for_another) {
    const auto* there = installed_.find(package.name, package.arch, package.evr);
    if (there == nullptr) return notKnown(package);
    Step step;
    step.operation = "remove";
    step.category = "unknown";
    step.name = package.name;
    step.arch = package.arch;
    step.from = package.evr;
    const auto nevra = nevraOf(package.name, package.evr, package.arch);
    if (!gone_.insert(nevra).second) return;
    if (for_another) step.replaced = nevra;
    step.reason = there->reason;
    plan_.installed_bytes_delta -= there->installed_bytes;
    plan_.steps.push_back(std::move(step));
  }

  void notKnown(const Package& package) { unknown_ = nevraOf(package.name, package.evr, package.arch); }

  const InstalledPackages& installed_;
  const Offers& offers_;
  const Advisories advisories_;
  const std::vector<Wanted>& wanted_;
  Plan plan_;
  std::set<std::string> gone_;
  std::string unknown_;
};

}  // namespace

std::string nevraOf(const std::string& name, const std::string& evr, const std::string& arch) {
  return name + "-" + evr + "." + arch;
}

Result<Plan> planOf(const std::vector<Row>& rows, const Known& known, const std::vector<Wanted>& wanted) {
  return Steps(known, wanted).take(rows);
}

}  // namespace redflag::dnf5
