#include "scan.h"

#include "candidates.h"
#include "dpkg_activity.h"
#include "inputs.h"
#include "installed_lists.h"
#include "readable.h"
#include "reboot.h"

namespace redflag::apt {
namespace {

constexpr const char* kInputsKey = "scan.inputs";
constexpr const char* kPictureKey = "scan.picture";
// What is known about the machine rather than about an archive.
constexpr const char* kLocalScope = "dpkg";

rf::Status failRun(rf::Run& run, const Problem& problem) {
  return run.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

void emit(rf::Run& run, const Upgrade& upgrade) {
  auto row = run.update();
  row.key(upgrade.name + ":" + upgrade.package_arch)
      .name(upgrade.name)
      .arch(upgrade.arch)
      .installedVersion(upgrade.installed_version)
      .candidateVersion(upgrade.candidate_version)
      .sourcePackage(upgrade.source_package)
      .origin(upgrade.origin)
      .category(upgrade.security ? "security" : "unknown")
      .severity("unknown")
      .blockedBy(upgrade.blocked_by)
      .downloadBytes(upgrade.download_bytes)
      .installedBytes(upgrade.installed_bytes);
  if (upgrade.needs_reboot) row.needsReboot(true);
  row.commit();
}

}  // namespace

std::int64_t Scan::now() const {
  return clock_.epochNs() / 1'000'000'000;
}

Result<Picture> Scan::picture(rf::Run& run, bool idle) {
  const auto inputs = fingerprintInputs(settings_, lists_);
  if (idle && run.purpose() != rf::Purpose::kVerify) {
    const auto kept_inputs = state_.get(kInputsKey);
    if (kept_inputs && *kept_inputs == inputs) {
      const auto kept = state_.get(kPictureKey);
      auto picture = kept ? decodePicture(*kept) : fail(RF_INVALID, "apt.bad_state", kept.text());
      if (picture && picture->isGoodAt(now())) {
        run.report(rf::Status::kOk, "inputs.unchanged",
                   "nothing that a scan reads has changed since the last one");
        return picture;
      }
    }
  }
  auto picture = takePicture(settings_, lists_, now());
  if (picture && idle) {
    // Without a place to keep it the next scan is slower, not wrong: no inputs stand beside an older picture.
    if (state_.put(kPictureKey, encodePicture(*picture)) == rf::Status::kOk)
      static_cast<void>(state_.put(kInputsKey, inputs));
  }
  return picture;
}

void Scan::emitArchive(rf::Run& run, const Archive& archive, const Picture& picture) {
  auto scope = run.scope(archive.key);
  for (const auto& upgrade : picture.upgrades)
    if (upgrade.scope == archive.key) emit(run, upgrade);
  const auto& problem = archive.problem ? archive.problem : activity_;
  if (problem) {
    scope.fail(rf::toStatus(problem->status), problem->code, problem->text);
  } else {
    scope.complete();
  }
}

void Scan::readLists(rf::Run& run) {
  lists_ = chooseLists(settings_, run, clock_, progress_);
  if (const auto& why = lists_.why_system) run.report(rf::toStatus(why->status), why->code, why->text);
}

void Scan::emitFacts(rf::Run& run, const Picture& picture) {
  auto scope = run.scope(kLocalScope);
  if (lists_.refreshed_at != 0)
    run.fact("lists.age_s", std::max<std::int64_t>(0, now() - lists_.refreshed_at));
  if (settings_.refresh == plugin::Refresh::kPrivate) {
    run.fact("lists.source", lists_.own ? "private" : "system");
    if (lists_.why_system) run.fact("lists.source_reason", lists_.why_system->text);
  }
  // Without a note there may be other reasons, which the plugin `system` knows: that there is none is its
  // word.
  if (const auto reboot = readRebootRequest(settings_.root); reboot.required) {
    run.fact("reboot.required", 1);
    run.fact("reboot.reasons", reboot.packages);
  }
  run.fact("updates.other_manager", picture.other_manager);
  scope.complete();
}

rf::Status Scan::updates(rf::Run& run) {
  if (auto configured = configureApt(settings_, CacheUse::kOwn); !configured)
    return failRun(run, configured.error());
  for (const auto& file : unreadableConfiguration())
    run.report(rf::Status::kDenied, "apt.configuration_unreadable",
               file + ": the user who scans may not read it; what it sets does not count here");
  readLists(run);
  activity_ = dpkgActivity();
  const auto seen = picture(run, !activity_);
  if (!seen) return failRun(run, seen.error());
  if (seen->archives.empty())
    return failRun(run, {RF_MISCONFIGURED, "apt.no_sources",
                         "no package source is configured: there is nothing to compare with"});
  for (const auto& archive : seen->archives) {
    if (run.cancelled()) return rf::Status::kCancelled;
    emitArchive(run, archive, *seen);
  }
  emitFacts(run, *seen);
  return run.outcome();
}

rf::Status Scan::inventory(rf::Run& run) {
  if (auto configured = configureApt(settings_, CacheUse::kOwn); !configured)
    return failRun(run, configured.error());
  useOwnLists(settings_);  // with which the binary cache is there already
  auto session = openInstalled(settings_);
  if (!session) return failRun(run, session.error());
  if (auto whole = requireInstalled(**session); !whole) return failRun(run, whole.error());
  auto scope = run.scope(kLocalScope);
  for (const auto& package : (*session)->installed()) {
    const auto version = package.CurrentVer();
    run.package()
        .key(std::string(package.Name()) + ":" + package.Arch())
        .name(package.Name())
        .arch(version.Arch())
        .version(version.VerStr())
        .sourcePackage(version.SourcePkgName())
        .installedBytes(static_cast<std::int64_t>(version->InstalledSize))
        .commit();
  }
  if (const auto activity = dpkgActivity()) {
    scope.fail(rf::toStatus(activity->status), activity->code, activity->text);
  } else {
    scope.complete();
  }
  return run.outcome();
}

}  // namespace redflag::apt
