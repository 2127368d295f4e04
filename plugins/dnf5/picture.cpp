#include "picture.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "kept_back.h"
#include "rpm_version.h"
#include "steps.h"

namespace redflag::dnf5 {
namespace {

using NameArch = std::pair<std::string, std::string>;

NameArch nameArch(const Package& package) {
  return {package.name, package.arch};
}

Result<std::vector<Package>> packages(const Client& client, const std::vector<std::string>& arguments,
                                      const char* key) {
  const auto answer = client.json(arguments);
  if (!answer) return tl::unexpected<Problem>(answer.error());
  return parsePackages(*answer, key);
}

class Builder {
 public:
  // The newest installed one of each: of kernels there are several.
  void addInstalled(const std::vector<Package>& installed) {
    for (const auto& package : installed) {
      auto& newest = installed_[nameArch(package)];
      if (newest.empty() || compareEvr(package.evr, newest) > 0) newest = package.evr;
    }
  }
  void addDetails(const std::vector<Package>& offered) {
    for (const auto& package : offered)
      details_[{package.name, package.arch, package.evr}] = package;
  }
  // Those that were not named before.
  void add(const std::vector<Package>& candidates, const char* blocked_by) {
    for (const auto& candidate : candidates) {
      if (!named_.insert(nameArch(candidate)).second) continue;
      Upgrade upgrade{candidate, versionOf(candidate), blocked_by, {}};
      const auto details = details_.find({candidate.name, candidate.arch, candidate.evr});
      if (details != details_.end()) {
        upgrade.candidate.source_package = details->second.source_package;
        upgrade.candidate.download_bytes = details->second.download_bytes;
        upgrade.candidate.installed_bytes = details->second.installed_bytes;
      }
      upgrades_.push_back(std::move(upgrade));
    }
  }
  std::vector<Upgrade> finish(const std::vector<Advisory>& advisories) {
    const Advisories all(advisories);
    for (auto& upgrade : upgrades_)
      upgrade.advice = all.between(upgrade.candidate.name, upgrade.candidate.arch, upgrade.installed_version,
                                   upgrade.candidate.evr);
    std::sort(upgrades_.begin(), upgrades_.end(), [](const Upgrade& a, const Upgrade& b) {
      return nameArch(a.candidate) < nameArch(b.candidate);
    });
    return std::move(upgrades_);
  }

 private:
  // A package may have changed from or to noarch.
  std::string versionOf(const Package& candidate) const {
    if (const auto same = installed_.find(nameArch(candidate)); same != installed_.end()) return same->second;
    std::string newest;
    for (auto at = installed_.lower_bound({candidate.name, ""});
         at != installed_.end() && at->first.first == candidate.name; ++at) {
      const bool either = candidate.arch == "noarch" || at->first.second == "noarch";
      if (either && (newest.empty() || compareEvr(at->second, newest) > 0)) newest = at->second;
    }
    return newest;
  }

  std::map<NameArch, std::string> installed_;
  std::map<std::tuple<std::string, std::string, std::string>, Package> details_;
  std::set<NameArch> named_;
  std::vector<Upgrade> upgrades_;
};

std::optional<Problem> problemOf(const Repository& repository, const Settings& settings, std::int64_t now) {
  if (repository.refreshed_at == 0)
    return Problem{
        RF_TRANSIENT, "dnf5.no_metadata",
        repository.id + ": its metadata was never fetched, or is damaged; dnf5 makecache fetches it"};
  if (settings.expect_refresh && now - repository.refreshed_at > settings.refresh_after_s)
    return Problem{RF_TRANSIENT, "dnf5.metadata_stale",
                   repository.id + ": its metadata was not refreshed for " +
                       std::to_string((now - repository.refreshed_at) / 3600) + " hours"};
  // To dnf5 it is new until long after that: a clock that was ahead once would keep it from being refreshed.
  if (settings.expect_refresh && repository.refreshed_at - now > settings.refresh_after_s)
    return Problem{
        RF_TRANSIENT, "dnf5.metadata_stale",
        repository.id + ": its metadata is of a time " +
            std::to_string((repository.refreshed_at - now) / 3600) +
            " hours ahead: the clock was wrong then, or is now; dnf5 --refresh makecache fetches it anew"};
  return std::nullopt;
}

Result<std::vector<Source>> readSources(const Client& client) {
  const auto answer = client.json({"repo", "info", "--json"});
  if (!answer) return tl::unexpected<Problem>(answer.error());
  const auto repositories = answer->is_null() ? std::vector<Repository>() : parseRepositories(*answer);
  if (!repositories) return tl::unexpected<Problem>(repositories.error());
  std::vector<Source> sources;
  for (const auto& repository : *repositories)
    sources.push_back({repository, std::nullopt});
  return sources;
}

Result<> readUpgrades(const Client& client, Builder& builder) {
  const struct {
    std::vector<std::string> arguments;
    const char* key;
    const char* blocked_by;
  } kQuestions[] = {{{"check-upgrade", "--json"}, "upgrades", ""},
                    {{"list", "--obsoletes", "--json"}, "obsoleting_packages", ""},
                    {{"list", "--upgrades", "--json"}, "available_upgrades", "held"},
                    {{kWithoutExcludes, "list", "--upgrades", "--json"}, "available_upgrades", "excluded"}};
  for (const auto& question : kQuestions) {
    const auto found = packages(client, question.arguments, question.key);
    if (!found) return tl::unexpected<Problem>(found.error());
    builder.add(*found, question.blocked_by);
  }
  return {};
}

void markKeptBack(const Client& client, Picture& picture) {
  const auto isFree = [](const Upgrade& upgrade) { return upgrade.blocked_by.empty(); };
  if (std::none_of(picture.upgrades.begin(), picture.upgrades.end(), isFree)) return;
  const auto chosen = chosenBySolver(client);
  if (!chosen) {
    picture.kept_back_unknown = chosen.error();
    return;
  }
  for (auto& upgrade : picture.upgrades) {
    const auto& candidate = upgrade.candidate;
    if (isFree(upgrade) && !chosen->contains(nevraOf(candidate.name, candidate.evr, candidate.arch)))
      upgrade.blocked_by = "kept_back";
  }
}

}  // namespace

Result<std::vector<Advisory>> readAdvisories(const Client& client) {
  const auto answer = client.json({"advisory", "info", "--available", "--json"});
  if (!answer) return tl::unexpected<Problem>(answer.error());
  return parseAdvisories(*answer);
}

Result<std::vector<Package>> readInstalled(const Client& client) {
  const auto printed =
      client.text({kWithoutExcludes, "repoquery", "--installed", "--queryformat", kInstalledFormat});
  if (!printed) return tl::unexpected<Problem>(printed.error());
  auto installed = parseInstalled(*printed);
  // rpm itself is a package: a database without any was lost, and must not read as "nothing to update".
  if (installed && installed->empty())
    return fail(RF_PERMANENT, "dnf5.database_empty", "rpm's database names no installed package");
  return installed;
}

void judgeSources(Picture& picture, const Settings& settings, std::int64_t now) {
  for (auto& source : picture.sources)
    source.problem = problemOf(source.repository, settings, now);
}

Result<Picture> takePicture(const Client& client) {
  auto sources = readSources(client);
  if (!sources) return tl::unexpected<Problem>(sources.error());
  const auto installed = readInstalled(client);
  if (!installed) return tl::unexpected<Problem>(installed.error());
  const auto printed =
      client.text({kWithoutExcludes, "repoquery", "--upgrades", "--queryformat", kOfferedFormat});
  if (!printed) return tl::unexpected<Problem>(printed.error());
  const auto offered = parseOffered(*printed);
  if (!offered) return tl::unexpected<Problem>(offered.error());
  Builder builder;
  builder.addInstalled(*installed);
  builder.addDetails(*offered);
  if (auto read = readUpgrades(client, builder); !read) return tl::unexpected<Problem>(read.error());
  const auto advisories = readAdvisories(client);
  if (!advisories) return tl::unexpected<Problem>(advisories.error());
  Picture picture{std::move(*sources), builder.finish(*advisories)};
  markKeptBack(client, picture);
  return picture;
}

}  // namespace redflag::dnf5
