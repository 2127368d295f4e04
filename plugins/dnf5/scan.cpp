#include "scan.h"

#include <algorithm>

#include "common/package_locks.h"
#include "common/package_numbers.h"
#include "common/reboot_names.h"
#include "inputs.h"
#include "other_manager.h"

namespace redflag::dnf5 {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// What is known about the machine rather than about a repository.
constexpr const char* kLocalScope = "rpm";
constexpr const char* kInputsKey = "inputs";
constexpr const char* kPictureKey = "picture";

rf::Status failRun(rf::Run& run, const Problem& problem) {
  return run.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

void emit(rf::Run& run, const Upgrade& upgrade) {
  auto row = run.update();
  row.key(upgrade.candidate.name + "." + upgrade.candidate.arch)
      .name(upgrade.candidate.name)
      .arch(upgrade.candidate.arch)
      .installedVersion(upgrade.installed_version)
      .candidateVersion(upgrade.candidate.evr)
      .sourcePackage(upgrade.candidate.source_package)
      .origin(upgrade.candidate.repository)
      .category(upgrade.advice.category)
      .severity(upgrade.advice.severity)
      .blockedBy(upgrade.blocked_by);
  for (const auto& id : upgrade.advice.ids)
    row.advisory(id);
  for (const auto& cve : upgrade.advice.cves)
    row.cve(cve);
  if (const auto at = plugin::momentOf(upgrade.advice.published_at); at > 0) row.publishedAt(at);
  if (plugin::wantsReboot(upgrade.candidate.name)) row.needsReboot(true);
  if (upgrade.candidate.download_bytes > 0) row.downloadBytes(upgrade.candidate.download_bytes);
  if (upgrade.candidate.installed_bytes > 0) row.installedBytes(upgrade.candidate.installed_bytes);
  row.commit();
}

}  // namespace

void Scan::emitSource(rf::Run& run, const Source& source, const Picture& picture) {
  auto scope = run.scope(source.repository.id);
  for (const auto& upgrade : picture.upgrades)
    if (upgrade.candidate.repository == source.repository.id) emit(run, upgrade);
  const auto& problem = source.problem ? source.problem : activity_;
  if (problem) {
    scope.fail(rf::toStatus(problem->status), problem->code, problem->text);
  } else {
    scope.complete();
  }
}

std::optional<Problem> Scan::activity() const {
  return plugin::whoChanges({settings_.root / "var/lib/rpm/.rpm.lock"}, "dnf5");
}

Result<Picture> Scan::takeOrRepeat(rf::Run& run, bool idle) {
  const auto inputs = inputsOf(settings_.root);
  if (idle && run.purpose() != rf::Purpose::kVerify) {
    const auto kept_inputs = state_.get(kInputsKey);
    if (kept_inputs && *kept_inputs == inputs) {
      const auto kept = state_.get(kPictureKey);
      auto picture = kept ? decodePicture(*kept) : fail(RF_INVALID, "dnf5.bad_state", kept.text());
      if (picture) {
        run.report(rf::Status::kOk, "inputs.unchanged",
                   "nothing that a scan reads has changed since the last one");
        return picture;
      }
    }
  }
  auto picture = takePicture(client_);
  if (picture && idle && !picture->kept_back_unknown) {
    // Without a place to keep it the next scan is slower, not wrong: no inputs stand beside an older picture.
    if (state_.put(kPictureKey, encodePicture(*picture)) == rf::Status::kOk)
      static_cast<void>(state_.put(kInputsKey, inputs));
  }
  return picture;
}

rf::Status Scan::updates(rf::Run& run) {
  const auto now = clock_.epochNs() / kNsPerSecond;
  activity_ = activity();
  auto picture = takeOrRepeat(run, !activity_);
  if (!picture) return failRun(run, picture.error());
  judgeSources(*picture, settings_, now);
  if (picture->sources.empty())
    return failRun(run, {RF_MISCONFIGURED, "dnf5.no_repositories",
                         "no repository is enabled: there is nothing to compare with"});
  std::int64_t oldest = 0;
  for (const auto& source : picture->sources) {
    if (run.cancelled()) return rf::Status::kCancelled;
    emitSource(run, source, *picture);
    const auto at = source.repository.refreshed_at;
    if (at != 0 && (oldest == 0 || at < oldest)) oldest = at;
  }
  auto scope = run.scope(kLocalScope);
  if (oldest != 0) run.fact("lists.age_s", std::max<std::int64_t>(0, now - oldest));
  run.fact("updates.other_manager", otherManager(settings_.root));
  if (const auto& problem = picture->kept_back_unknown) {
    scope.fail(rf::toStatus(problem->status), problem->code, problem->text);
  } else {
    scope.complete();
  }
  return run.outcome();
}

rf::Status Scan::inventory(rf::Run& run) {
  activity_ = activity();
  const auto installed = readInstalled(client_);
  if (!installed) return failRun(run, installed.error());
  auto scope = run.scope(kLocalScope);
  for (const auto& package : *installed) {
    auto row = run.package();
    row.key(package.name + "-" + package.evr + "." + package.arch)
        .name(package.name)
        .arch(package.arch)
        .version(package.evr)
        .sourcePackage(package.source_package);
    if (const auto at = plugin::momentOf(package.installed_at); at > 0) row.installedAt(at);
    if (package.installed_bytes > 0) row.installedBytes(package.installed_bytes);
    row.commit();
  }
  if (activity_) {
    scope.fail(rf::toStatus(activity_->status), activity_->code, activity_->text);
  } else {
    scope.complete();
  }
  return run.outcome();
}

}  // namespace redflag::dnf5
