#include "lists.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "cache_place.h"
#include "fetch.h"
#include "inputs.h"
#include "source_list.h"

namespace redflag::apt {
namespace {

constexpr const char* kFolder = "Dir::State::lists";
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kRetryAfterS = 15 * 60;
constexpr std::size_t kMaxFailures = 100;
constexpr std::uintmax_t kMaxStateBytes = 1U << 20;

std::int64_t modifiedAt(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mtim.tv_sec : 0;
}

// What is remembered of the copy, beside it.
struct Memory {
  std::string inputs;  // sources, keys and settings with which it was fetched
  std::int64_t refreshed_at = 0;
  std::int64_t attempted_at = 0;
  std::map<std::string, std::string> failed;
};

Memory remember(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error || size > kMaxStateBytes) return {};
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto parsed = parseJson(text, {.bytes = kMaxStateBytes, .depth = 3, .values = 2 * kMaxFailures + 20});
  if (!parsed) return {};
  JsonReader reader(*parsed, "lists");
  Memory memory;
  memory.inputs = reader.text("inputs", 128);
  memory.refreshed_at = reader.integer("refreshed_at", 0, INT64_MAX);
  memory.attempted_at = reader.integer("attempted_at", 0, INT64_MAX);
  for (const auto& [source, why] : reader.object("failed").items())
    if (why.is_string()) memory.failed[source] = why.get<std::string>();
  return reader.finish() ? memory : Memory();
}

void keep(const std::string& file, const Memory& memory) {
  std::ofstream(file + ".new", std::ios::trunc) << dumpJson({{"inputs", memory.inputs},
                                                             {"refreshed_at", memory.refreshed_at},
                                                             {"attempted_at", memory.attempted_at},
                                                             {"failed", memory.failed}});
  std::error_code ignored;  // without it they are fetched again
  std::filesystem::rename(file + ".new", file, ignored);
}

// Whole lists, and nothing that is not signed.
void narrowSettings() {
  _config->Set("Acquire::PDiffs", false);
  for (const auto* loose : {"Acquire::AllowInsecureRepositories", "Acquire::AllowWeakRepositories",
                            "Acquire::AllowDowngradeToInsecureRepositories"})
    _config->Set(loose, false);
  // The methods are as sealed as this process; another user could not write into its folder.
  _config->Set("APT::Sandbox::User", "root");
}

// As apt's messages name an archive: "http://host/debian stable".
std::string nameOf(const metaIndex& source) {
  return ::URI::ArchiveOnly(source.GetURI()) + " " + source.GetDist();
}

bool hasAny(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with("Release") || name.find("_Packages") != std::string::npos) return true;
  }
  return false;
}

bool networkIsWalledOff() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool refused = probe < 0 && (errno == EACCES || errno == EPERM);
  if (probe >= 0) ::close(probe);
  return refused;
}

Problem denied() {
  return {
      RF_DENIED, "apt.refresh_denied",
      "the walls around this scan leave no network to fetch lists over: the machine's own agent.yaml has to "
      "say refresh: private, without a list of capabilities or with one that has net:any and apt's methods"};
}

class OwnLists {
 public:
  OwnLists(const Settings& settings, const std::string& place)
      : settings_(settings), folder_(place + "/lists/"), file_(place + "/lists.json") {}

  bool prepare() const {
    for (const auto& folder : {folder_, folder_ + "partial"})
      if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return false;
    _config->Set(kFolder, folder_);
    narrowSettings();
    return true;
  }

  // Why not; nullopt: they are as new as can be.
  std::optional<Problem> refresh(const rf::Run& run, const rf::Clock& clock, const rf::Progress& progress) {
    memory_ = remember(file_);
    const auto inputs = fingerprintSources(settings_);
    const auto now = clock.epochNs() / kSecondNs;
    if (!isDue(inputs, now)) return std::nullopt;
    std::vector<BrokenSource> ignored;  // the scan itself names them
    const auto sources = readSources(ignored);
    const bool remote = std::any_of(sources->begin(), sources->end(), [](const metaIndex* source) {
      const auto access = ::URI(source->GetURI()).Access;  // of a list of mirrors in a file, too
      return access != "file" && access != "copy" && access != "cdrom";
    });
    if (remote && networkIsWalledOff()) return denied();
    memory_.inputs = inputs;
    memory_.attempted_at = now;
    const auto left = std::max<std::int64_t>(run.deadlineNs() - clock.monotonicNs(), 0);
    note(fetchLists(*sources, {false, clock.monotonicNs() + left / 4 * 3}, run, clock, progress), *sources);
    if (memory_.failed.empty()) memory_.refreshed_at = now;
    keep(file_, memory_);
    return std::nullopt;
  }

  bool any() const { return hasAny(folder_); }
  Lists lists() const { return {true, memory_.refreshed_at, memory_.failed, std::nullopt}; }

 private:
  bool isDue(const std::string& inputs, std::int64_t now) const {
    if (inputs != memory_.inputs || memory_.attempted_at > now) return true;
    const bool wanted = !memory_.failed.empty() || now - memory_.refreshed_at >= settings_.refresh_after_s;
    return wanted && now - memory_.attempted_at >= std::min(settings_.refresh_after_s, kRetryAfterS);
  }
  void note(const Result<FetchedLists>& fetched, pkgSourceList& sources) {
    memory_.failed.clear();
    if (!fetched) {
      memory_.failed[""] = fetched.error().text;
      return;
    }
    for (const auto& [name, word] : fetched->sources)
      if (word.status == "failed" && memory_.failed.size() < kMaxFailures) memory_.failed[name] = word.text;
    if (!fetched->complete) {
      for (const auto* source : sources)
        if (const auto archive = nameOf(*source); fetched->errors.find(archive + " ") != std::string::npos)
          memory_.failed.emplace(archive + " Release", fetched->errors);
    }
    if (fetched->out_of_time) memory_.failed[""] = "the time for fetching lists was over";
    if (!fetched->complete && memory_.failed.empty())
      memory_.failed[""] = fetched->errors.empty() ? "not every list could be fetched" : fetched->errors;
  }

  const Settings& settings_;
  const std::string folder_;
  const std::string file_;
  Memory memory_;
};

Lists insteadOf(Lists system, Problem why) {
  system.why_system = std::move(why);
  return system;
}

Problem noPlace() {
  return {
      RF_MISCONFIGURED, "apt.no_place",
      "refresh: private needs a folder that belongs to the scanning user alone: /var/cache/redflag/apt, or "
      "what cache_dir names"};
}

}  // namespace

std::string Lists::failureOf(const metaIndex& source) const {
  // "http://host/debian stable InRelease", "http://host/debian stable/main amd64 Packages"
  const auto archive = nameOf(source);
  for (const auto& [name, why] : failed) {
    if (name.empty()) return why;
    const bool same =
        name.starts_with(archive) && (name.size() == archive.size() || archive.ends_with('/') ||
                                      name[archive.size()] == ' ' || name[archive.size()] == '/');
    if (same) return name + ": " + (why.empty() ? "could not be fetched" : why);
  }
  return {};
}

Lists systemLists() {
  const auto state = _config->FindDir("Dir::State");
  const auto folder = _config->FindDir(kFolder);
  const auto stamp = std::max(modifiedAt(state + "periodic/update-success-stamp"),
                              modifiedAt(state + "periodic/update-stamp"));
  Lists lists;
  lists.refreshed_at = std::max(modifiedAt(folder), stamp != 0 ? stamp : modifiedAt(folder + "partial"));
  return lists;
}

bool useOwnLists(const Settings& settings) {
  if (settings.refresh != plugin::Refresh::kPrivate) return false;
  const auto place = cachePlace(settings);
  if (place.empty() || !hasAny(place + "/lists/")) return false;
  return OwnLists(settings, place).prepare();
}

Lists chooseLists(const Settings& settings, const rf::Run& run, const rf::Clock& clock,
                  const rf::Progress& progress) {
  auto system = systemLists();
  if (settings.refresh != plugin::Refresh::kPrivate) return system;
  const auto place = cachePlace(settings);
  if (place.empty()) return insteadOf(std::move(system), noPlace());
  const auto systems_folder = _config->Find(kFolder);
  OwnLists own(settings, place);
  if (!own.prepare()) return insteadOf(std::move(system), noPlace());
  auto problem = own.refresh(run, clock, progress);
  if (!problem && own.any()) return own.lists();
  if (!problem) {
    system.failed = own.lists().failed;
    const auto& failed = system.failed;
    problem = Problem{
        RF_TRANSIENT, "apt.refresh_failed",
        failed.empty() ? "no archive offers a list" : failed.begin()->first + ": " + failed.begin()->second};
  }
  _config->Set(kFolder, systems_folder);
  return insteadOf(std::move(system), std::move(*problem));
}

}  // namespace redflag::apt
