#include "own_metadata.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "common/own_folder.h"
#include "fetch.h"
#include "inputs.h"
#include "own_memory.h"

namespace redflag::dnf {
namespace {

constexpr std::int64_t kOneSecondNs = 1'000'000'000;
constexpr std::int64_t kRetryAfterS = 15 * 60;

bool hasAny(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unreadable;
    if (std::filesystem::exists(at->path() / "repodata/repomd.xml", unreadable)) return true;
  }
  return false;
}

bool networkIsWalledOff() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool refused = probe < 0 && (errno == EACCES || errno == EPERM);
  if (probe >= 0) ::close(probe);
  return refused;
}

bool isRemote(const Repository& repository) {
  const auto isAway = [](const std::string& url) {
    return url.find("://") != std::string::npos && !url.starts_with("file://");
  };
  return std::any_of(repository.urls.begin(), repository.urls.end(), isAway) ||
         std::any_of(repository.options.begin(), repository.options.end(), [&](const auto& option) {
           return (option.first == "metalink" || option.first == "mirrorlist") && isAway(option.second);
         });
}

Problem denied() {
  return {RF_DENIED, "dnf.refresh_denied",
          "the walls around this scan leave no network to fetch metadata over: the machine's own agent.yaml "
          "has to say refresh: private, without a list of capabilities or with one that has net:any"};
}

Problem noPlace() {
  return {RF_MISCONFIGURED, "dnf.no_place",
          "refresh: private needs a folder that belongs to the scanning user alone: /var/cache/redflag/dnf, "
          "or what cache_dir names"};
}

class OwnCopy {
 public:
  OwnCopy(const Settings& settings, const std::string& place)
      : settings_(settings), file_(place + "/metadata.json") {
    settings_.metadata_dir = place + "/metadata";
  }

  bool prepare() const { return mkdir(settings_.metadata_dir.c_str(), 0700) == 0 || errno == EEXIST; }

  // Why not; nullopt: it is as new as can be, or no scan is possible at all.
  std::optional<Problem> refresh(const rf::Run& run, const rf::Clock& clock, const rf::Progress& progress) {
    memory_ = OwnMemory::read(file_);
    const auto inputs = fingerprintSources(settings_);
    const auto now = clock.epochNs() / kOneSecondNs;
    const bool changed = inputs != memory_.inputs || memory_.attempted_at > now;
    if (!changed && !isAnyDue(now)) return std::nullopt;
    const auto configuration = Session::configurationOf(settings_);
    if (!configuration) return std::nullopt;  // the scan says so itself
    std::vector<const Repository*> due;
    for (const auto& repository : configuration->repositories)
      if (changed || isDue(memory_.repositories[repository.id], now)) due.push_back(&repository);
    const bool remote = std::any_of(due.begin(), due.end(), [](const auto* one) { return isRemote(*one); });
    if (remote && networkIsWalledOff()) return denied();
    forgetOthers(*configuration);
    memory_.inputs = inputs;
    memory_.attempted_at = now;
    Fetcher fetcher(*configuration, run, clock);
    const auto left = std::max<std::int64_t>(run.deadlineNs() - clock.monotonicNs(), 0);
    fetchAll(fetcher, due, clock.monotonicNs() + left / 4 * 3, clock, progress);
    memory_.write(file_);
    return std::nullopt;
  }

  bool any() const { return hasAny(settings_.metadata_dir); }
  const std::string& folder() const { return settings_.metadata_dir; }
  const std::map<std::string, OwnState>& repositories() const { return memory_.repositories; }

 private:
  bool isDue(const OwnState& state, std::int64_t now) const {
    const bool wanted = !state.failed.empty() || now - state.refreshed_at >= settings_.refresh_after_s;
    return wanted && now - memory_.attempted_at >= std::min(settings_.refresh_after_s, kRetryAfterS);
  }
  bool isAnyDue(std::int64_t now) const {
    return std::any_of(memory_.repositories.begin(), memory_.repositories.end(),
                       [&](const auto& one) { return isDue(one.second, now); });
  }

  // One that does not answer leaves time for those after it.
  void fetchAll(Fetcher& fetcher, const std::vector<const Repository*>& due, std::int64_t until_ns,
                const rf::Clock& clock, const rf::Progress& progress) {
    for (std::size_t i = 0; i < due.size(); ++i) {
      progress.update(static_cast<int>(i * 100 / due.size()), "Fetching " + due[i]->id);
      const auto left = until_ns - clock.monotonicNs();
      const auto share = i + 1 == due.size() ? left : left / 2;
      auto& state = memory_.repositories[due[i]->id];
      state.failed = fetcher.fetch(*due[i], clock.monotonicNs() + share);
      if (state.failed.empty()) state.refreshed_at = clock.epochNs() / kOneSecondNs;
    }
  }

  // What was kept of repositories that are gone, or lie elsewhere by now.
  void forgetOthers(const Configuration& configuration) {
    std::set<std::string> ids;
    std::set<std::string> kept;
    for (const auto& repository : configuration.repositories) {
      ids.insert(repository.id);
      kept.insert(std::filesystem::path(repository.folder).filename());
      kept.insert(repository.id + ".mirrors");
    }
    std::erase_if(memory_.repositories, [&](const auto& one) { return !ids.contains(one.first); });
    std::vector<std::filesystem::path> gone;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder(), error), end; !error && at != end;
         at.increment(error))
      if (!kept.contains(at->path().filename())) gone.push_back(at->path());
    for (const auto& path : gone)
      std::filesystem::remove_all(path, error);
  }

  Settings settings_;
  const std::string file_;
  OwnMemory memory_;
};

std::string placeOf(const Settings& settings) {
  return plugin::ownFolder(settings.cache_dir, "dnf");
}

std::string firstFailure(const std::map<std::string, OwnState>& repositories) {
  for (const auto& [id, state] : repositories)
    if (!state.failed.empty()) return id + ": " + state.failed;
  return "no repository offers any metadata";
}

}  // namespace

void ChosenMetadata::applyTo(std::vector<Source>& sources) const {
  for (auto& source : sources) {
    const auto found = repositories.find(source.key);
    if (found == repositories.end()) continue;
    if (!folder.empty()) source.refreshed_at = found->second.refreshed_at;
    const auto& why = found->second.failed;
    if (!why.empty() && (!source.problem || source.problem->code == "dnf.no_metadata"))
      source.problem = Problem{RF_TRANSIENT, "dnf.refresh_failed", source.key + ": " + why};
  }
}

std::string ownMetadata(const Settings& settings) {
  if (settings.refresh != plugin::Refresh::kPrivate) return {};
  const auto place = placeOf(settings);
  if (place.empty()) return {};
  const OwnCopy own(settings, place);
  return own.any() ? own.folder() : "";
}

ChosenMetadata chooseMetadata(const Settings& settings, const rf::Run& run, const rf::Clock& clock,
                              const rf::Progress& progress) {
  if (settings.refresh != plugin::Refresh::kPrivate) return {};
  const auto place = placeOf(settings);
  if (place.empty()) return {"", {}, noPlace()};
  OwnCopy own(settings, place);
  if (!own.prepare()) return {"", {}, noPlace()};
  if (auto problem = own.refresh(run, clock, progress)) return {"", {}, std::move(problem)};
  if (own.any()) return {own.folder(), own.repositories(), std::nullopt};
  return {"", own.repositories(),
          Problem{RF_TRANSIENT, "dnf.refresh_failed", firstFailure(own.repositories())}};
}

}  // namespace redflag::dnf
