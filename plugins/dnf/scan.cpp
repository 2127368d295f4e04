#include "scan.h"

#include <algorithm>

#include "candidates.h"
#include "common/package_locks.h"
#include "common/package_numbers.h"
#include "inputs.h"
#include "other_manager.h"
#include "plain_text.h"
#include "rpm_database.h"

namespace redflag::dnf {
namespace {

constexpr const char* kInputsKey = "scan.inputs";
constexpr const char* kPictureKey = "scan.picture";
// What is known about the machine rather than about a repository.
constexpr const char* kLocalScope = "rpm";
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

rf::Status failRun(rf::Run& run, const Problem& problem) {
  return run.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

void emit(rf::Run& run, const Upgrade& upgrade) {
  auto row = run.update();
  row.key(upgrade.name + "." + upgrade.arch)
      .name(upgrade.name)
      .arch(upgrade.arch)
      .channel(upgrade.channel)
      .installedVersion(upgrade.installed_version)
      .candidateVersion(upgrade.candidate_version)
      .sourcePackage(upgrade.source_package)
      .origin(upgrade.scope)
      .category(upgrade.category)
      .severity(upgrade.severity)
      .blockedBy(upgrade.blocked_by)
      .downloadBytes(upgrade.download_bytes)
      .installedBytes(upgrade.installed_bytes);
  row.list("advisories", upgrade.advisories);
  row.list("cves", upgrade.cves);
  if (const auto at = plugin::momentOf(upgrade.published_at); at > 0) row.publishedAt(at);
  if (upgrade.needs_reboot) row.needsReboot(true);
  row.commit();
}

void emitPackage(rf::Run& run, DnfPackage* package) {
  const auto name = textOf(dnf_package_get_name(package));
  const auto arch = textOf(dnf_package_get_arch(package));
  const auto version = textOf(dnf_package_get_evr(package));
  // Of a kernel several versions are installed side by side.
  auto row = run.package();
  row.key(name + "-" + version + "." + arch)
      .name(name)
      .arch(arch)
      .version(version)
      .sourcePackage(sourceName(textOf(dnf_package_get_sourcerpm(package))))
      .installedBytes(plugin::sizeOf(dnf_package_get_installsize(package)));
  const auto installed_at = static_cast<std::int64_t>(dnf_package_get_installtime(package));
  if (const auto at = plugin::momentOf(installed_at); at > 0) row.installedAt(at);
  row.commit();
}

}  // namespace

std::int64_t Scan::now() const {
  return clock_.epochNs() / kNsPerSecond;
}

Result<Picture> Scan::picture(rf::Run& run, bool idle) {
  const auto inputs = fingerprintInputs(settings_);
  if (idle && run.purpose() != rf::Purpose::kVerify) {
    const auto kept_inputs = state_.get(kInputsKey);
    if (kept_inputs && *kept_inputs == inputs) {
      const auto kept = state_.get(kPictureKey);
      auto picture = kept ? decodePicture(*kept) : fail(RF_INVALID, "dnf.bad_state", kept.text());
      if (picture && picture->isGoodAt(now())) {
        run.report(rf::Status::kOk, "inputs.unchanged",
                   "nothing that a scan reads has changed since the last one");
        return picture;
      }
    }
  }
  auto picture = takePicture(settings_, now());
  if (picture && idle) {
    // Without a place to keep it the next scan is slower, not wrong: no inputs stand beside an older picture.
    if (state_.put(kPictureKey, encodePicture(*picture)) == rf::Status::kOk)
      static_cast<void>(state_.put(kInputsKey, inputs));
  }
  return picture;
}

void Scan::emitSource(rf::Run& run, const Source& source, const Picture& picture) {
  auto scope = run.scope(source.key);
  for (const auto& upgrade : picture.upgrades)
    if (upgrade.scope == source.key) emit(run, upgrade);
  const auto& problem = source.problem ? source.problem : activity_;
  if (problem) {
    scope.fail(rf::toStatus(problem->status), problem->code, problem->text);
  } else {
    scope.complete();
  }
}

void Scan::emitFacts(rf::Run& run, const Picture& picture) {
  auto scope = run.scope(kLocalScope);
  std::int64_t oldest = 0;
  for (const auto& source : picture.sources)
    if (source.refreshed_at != 0 && (oldest == 0 || source.refreshed_at < oldest))
      oldest = source.refreshed_at;
  if (oldest != 0) run.fact("lists.age_s", std::max<std::int64_t>(0, now() - oldest));
  if (settings_.refresh == plugin::Refresh::kPrivate) {
    run.fact("lists.source", chosen_.folder.empty() ? "system" : "private");
    if (chosen_.why_system) run.fact("lists.source_reason", chosen_.why_system->text);
  }
  run.fact("updates.other_manager", otherManager(settings_));
  scope.complete();
}

void Scan::chooseMetadata(rf::Run& run) {
  chosen_ = dnf::chooseMetadata(settings_, run, clock_, progress_);
  settings_.metadata_dir = chosen_.folder;
  if (const auto& why = chosen_.why_system) run.report(rf::toStatus(why->status), why->code, why->text);
}

rf::Status Scan::updates(rf::Run& run) {
  chooseMetadata(run);
  activity_ = plugin::whoChanges({rpmLockFile(settings_)}, "dnf");
  auto seen = picture(run, !activity_);
  if (!seen) return failRun(run, seen.error());
  chosen_.applyTo(seen->sources);
  if (seen->sources.empty())
    return failRun(run, {RF_MISCONFIGURED, "dnf.no_repositories",
                         "no repository is enabled: there is nothing to compare with"});
  for (const auto& source : seen->sources) {
    if (run.cancelled()) return rf::Status::kCancelled;
    emitSource(run, source, *seen);
  }
  emitFacts(run, *seen);
  return run.outcome();
}

rf::Status Scan::inventory(rf::Run& run) {
  const auto activity = plugin::whoChanges({rpmLockFile(settings_)}, "dnf");
  const auto session = Session::openDatabase(settings_);
  if (!session) return failRun(run, session.error());
  auto scope = run.scope(kLocalScope);
  const auto installed = dnf::run(installedPackages((*session)->sack()));
  for (auto* package : listOf(installed))
    emitPackage(run, package);
  if (activity) {
    scope.fail(rf::toStatus(activity->status), activity->code, activity->text);
  } else {
    scope.complete();
  }
  return run.outcome();
}

}  // namespace redflag::dnf
