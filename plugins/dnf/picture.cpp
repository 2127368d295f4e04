#include "picture.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <tuple>

#include "advisories.h"
#include "candidates.h"
#include "common/package_numbers.h"
#include "common/reboot_names.h"
#include "metadata.h"
#include "module_names.h"
#include "plain_text.h"

namespace redflag::dnf {
namespace {

using Chosen = std::map<std::string, std::string>;  // repositories, by package

std::string nevraOf(const Candidate& candidate) {
  return textOf(dnf_package_get_nevra(candidate.package));
}

// The same package in several repositories is one update: from where the solver would take it.
void dropTwins(const Chosen& chosen, std::vector<Candidate>& candidates) {
  const auto isChosen = [&](const Candidate& candidate) {
    const auto found = chosen.find(nevraOf(candidate));
    return found != chosen.end() && found->second == textOf(dnf_package_get_reponame(candidate.package));
  };
  std::stable_partition(candidates.begin(), candidates.end(), isChosen);
  std::set<std::string> seen;
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return !seen.insert(nevraOf(candidate)).second; });
}

bool isKeptBack(const Chosen& chosen, const Candidate& candidate) {
  return candidate.blocked_by.empty() && !chosen.contains(nevraOf(candidate));
}

// Why each candidate could not be installed now, besides what a filter keeps out. Lists of files are only
// loaded if the solver did not get along without them.
Result<> findBlockers(const Settings& settings, const Session& session, std::vector<Candidate>& candidates) {
  if (candidates.empty()) return {};
  auto chosen = chosenBySolver(session);
  dropTwins(chosen, candidates);
  const auto blocked = [&chosen](const Candidate& candidate) { return isKeptBack(chosen, candidate); };
  if (std::none_of(candidates.begin(), candidates.end(), blocked)) return {};
  const auto full = Session::open(settings, FileLists::kLoaded);
  if (!full) return tl::unexpected<Problem>(full.error());
  chosen = chosenBySolver(**full);
  for (auto& candidate : candidates)
    if (blocked(candidate)) candidate.blocked_by = "kept_back";
  return {};
}

Upgrade describe(const Candidate& candidate, const Advisories& advisories, ModuleNames& modules) {
  auto* package = candidate.package;
  Upgrade upgrade;
  upgrade.scope = textOf(dnf_package_get_reponame(package));
  upgrade.name = textOf(dnf_package_get_name(package));
  upgrade.arch = textOf(dnf_package_get_arch(package));
  if (candidate.installed != nullptr)
    upgrade.installed_version = textOf(dnf_package_get_evr(candidate.installed));
  upgrade.candidate_version = textOf(dnf_package_get_evr(package));
  upgrade.source_package = sourceName(textOf(dnf_package_get_sourcerpm(package)));
  upgrade.channel = modules.of(package);
  upgrade.blocked_by = candidate.blocked_by;
  upgrade.download_bytes = plugin::sizeOf(dnf_package_get_downloadsize(package));
  upgrade.installed_bytes = plugin::sizeOf(dnf_package_get_installsize(package));
  const auto advice = advisories.between(
      upgrade.name,
      candidate.installed == nullptr ? upgrade.arch : textOf(dnf_package_get_arch(candidate.installed)),
      upgrade.installed_version, upgrade.candidate_version);
  upgrade.category = advice.category;
  upgrade.severity = advice.severity;
  upgrade.advisories = advice.ids;
  upgrade.cves = advice.cves;
  upgrade.published_at = advice.published_at;
  upgrade.needs_reboot = advice.needs_reboot || plugin::wantsReboot(upgrade.name);
  return upgrade;
}

std::vector<DnfPackage*> installedOf(const std::vector<Candidate>& candidates) {
  std::vector<DnfPackage*> installed;
  for (const auto& candidate : candidates)
    if (candidate.installed != nullptr) installed.push_back(candidate.installed);
  return installed;
}

// Why it is not what a machine has that refreshes in time; "": it is. To dnf metadata of a time still to come
// is new until long after that: a clock that was ahead once would keep it from being refreshed.
std::string wrongAge(const Source& source, std::int64_t after_s, std::int64_t now) {
  const std::string hours = std::to_string(std::abs(now - source.refreshed_at) / 3600);
  if (source.refreshed_at + after_s <= now)
    return "was last refreshed " + hours + " hours ago, longer than refresh_after";
  if (source.refreshed_at - after_s > now)
    return "is of a time " + hours +
           " hours ahead: the clock was wrong then, or is now; `dnf --refresh makecache` fetches it anew";
  return {};
}

// A repository that dnf has given up, or whose metadata nobody refreshed, does not say what there is today.
void markStale(const Settings& settings, const std::string& cache_dir, std::int64_t now,
               std::vector<Source>& sources) {
  for (auto& source : sources) {
    if (source.problem) continue;
    if (isMarkedExpired(cache_dir, source.key)) {
      source.problem =
          Problem{RF_TRANSIENT, "dnf.metadata_stale",
                  source.key + ": dnf has marked its metadata as expired; `dnf makecache` fetches it anew"};
    } else if (settings.refresh == plugin::Refresh::kSystem) {
      const auto why = wrongAge(source, settings.refresh_after_s, now);
      if (!why.empty())
        source.problem = Problem{RF_TRANSIENT, "dnf.metadata_stale", source.key + ": its metadata " + why};
    }
  }
}

std::int64_t goodUntil(const Settings& settings, const std::vector<Source>& sources, std::int64_t now) {
  std::int64_t first = 0;
  if (settings.refresh != plugin::Refresh::kSystem) return first;
  for (const auto& source : sources) {
    for (const auto turn :
         {source.refreshed_at - settings.refresh_after_s, source.refreshed_at + settings.refresh_after_s})
      if (turn > now && (first == 0 || turn < first)) first = turn;
  }
  return first;
}

// A name that no package can have is not shown, and its repository not believed.
void refuseMalformed(std::vector<Upgrade>& upgrades, std::vector<Source>& sources) {
  for (const auto& upgrade : upgrades) {
    const auto fault = malformedPart(upgrade);
    if (fault.empty()) continue;
    for (auto& source : sources)
      if (source.key == upgrade.scope && !source.problem)
        source.problem = Problem{
            RF_INVALID, "dnf.repo_broken",
            source.key + ": it offers a package whose " + fault + " is not one that a package can have"};
  }
  std::erase_if(upgrades, [](const Upgrade& upgrade) { return !malformedPart(upgrade).empty(); });
}

}  // namespace

Result<Picture> takePicture(const Settings& settings, std::int64_t now) {
  const auto session = Session::open(settings, FileLists::kLeftOut);
  if (!session) return tl::unexpected<Problem>(session.error());
  Picture picture;
  picture.sources = (*session)->sources();
  Candidates candidates(**session);
  if (auto found = findBlockers(settings, **session, candidates.list()); !found)
    return tl::unexpected<Problem>(found.error());
  const Advisories advisories((*session)->sack(), installedOf(candidates.list()));
  ModuleNames modules(**session);
  for (const auto& candidate : candidates.list())
    picture.upgrades.push_back(describe(candidate, advisories, modules));
  refuseMalformed(picture.upgrades, picture.sources);
  std::sort(picture.upgrades.begin(), picture.upgrades.end(), [](const Upgrade& a, const Upgrade& b) {
    return std::tie(a.scope, a.name, a.arch) < std::tie(b.scope, b.name, b.arch);
  });
  markStale(settings, (*session)->configuration().cache_dir, now, picture.sources);
  picture.good_from = now;
  picture.good_until = goodUntil(settings, picture.sources, now);
  return picture;
}

}  // namespace redflag::dnf
