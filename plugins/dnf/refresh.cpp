#include "refresh.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/json.h"
#include "command.h"
#include "common/child.h"
#include "metadata.h"
#include "session.h"

namespace redflag::dnf {
namespace {

constexpr const char* kNobodyAnswers = "/dev/null";
constexpr std::string_view kError = "Error: ";

// What dnf has of a repository: which, and when it last got or confirmed it. It marks that by the list's time
// of modification, in whole seconds; the time of change is finer.
struct Kept {
  std::string repomd;
  std::int64_t changed_s = 0;
  std::int64_t changed_ns = 0;
};

Kept keptOf(const Repository& repository, const std::string& cache_dir) {
  const auto metadata = findMetadata(repository, cache_dir);
  struct stat info {};
  if (!metadata || stat(metadata->primary.c_str(), &info) != 0) return {};
  std::ifstream file(metadata->repomd);
  std::ostringstream content;
  content << file.rdbuf();
  return {content.str(), info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
}

std::string statusSince(const Kept& before, const Kept& now) {
  if (now.repomd.empty()) return "failed";
  if (now.repomd != before.repomd) return "fetched";
  const bool asked = now.changed_s != before.changed_s || now.changed_ns != before.changed_ns;
  return asked ? "unchanged" : "failed";
}

// dnf's sentence on a repository that it could not fetch.
std::string wordsOn(const std::string& id, const std::vector<std::string>& errors) {
  for (const auto& line : errors)
    if (line.find("'" + id + "'") != std::string::npos) return line;
  return "dnf did not fetch it";
}

}  // namespace

// A repository that fails keeps none from being asked. Metadata is asked for even where it is never to
// expire.
Result<DnfRefresh::Ended> DnfRefresh::makeCache() {
  auto command = dnfCommand(settings_);
  command.insert(command.end(), {"--setopt=*.skip_if_unavailable=True", "--refresh", "makecache"});
  const plugin::Patience patience(run_, clock_, progress_);
  for (bool locked = false;;) {
    progress_.update(0, "Fetching");
    Ended out;
    const auto ended = plugin::runChild(
        command, kNobodyAnswers,
        [&](const std::string& line) {
          progress_.line(line);
          if (line.starts_with(kError)) out.errors.push_back(line.substr(kError.size()));
        },
        [this] { return isOver(); });
    if (ended.code < 0) return fail(RF_PERMANENT, "dnf.no_program", command.front() + " cannot be started");
    out.well = ended.code == 0;
    out.words = ended.words;
    // Also if it was stopped on another try: what it waited for is what counts.
    locked = ended.code == kLockedCode || (locked && isOver());
    if (!locked) return out;
    if (ended.code != kLockedCode || !patience.wait())
      return fail(RF_TRANSIENT, "dnf.locked", "another dnf is at work; nothing was fetched: " + ended.words);
  }
}

rf::Status DnfRefresh::tell(const Configuration& configuration,
                            const std::map<std::string, std::string>& statuses, const Ended& ended,
                            rf::Output& result) {
  auto rows = Json::array();
  std::string failed;
  const auto add = [&](const std::string& source, const std::string& status, const std::string& text) {
    rows.push_back({{"source", source}, {"status", status}, {"text", text}});
    if (status == "failed") failed += (failed.empty() ? "" : "; ") + source + ": " + text;
  };
  for (const auto& broken : configuration.broken)
    add(broken.key, "failed", broken.problem.text);
  for (const auto& [id, status] : statuses)
    add(id, status, status == "failed" ? wordsOn(id, ended.errors) : "");
  const auto written = result.write(dumpJson({{"sources", std::move(rows)}}));
  if (!ended.well && isOver())
    return run_.fail(rf::Status::kLimit, "dnf.deadline", "the time was over while fetching");
  if (!ended.well && failed.empty()) failed = ended.words;
  if (failed.empty()) return written;
  return run_.fail(rf::Status::kTransient, "dnf.refresh_failed", failed);
}

Result<> DnfRefresh::fetch() {
  const auto ended = makeCache();
  if (!ended) return tl::unexpected<Problem>(ended.error());
  if (!ended->well && isOver())
    return fail(RF_LIMIT, "dnf.deadline", "the time was over while fetching metadata; nothing was changed");
  return {};
}

rf::Status DnfRefresh::run(rf::Output& result) {
  if (geteuid() != 0) return run_.fail(rf::Status::kDenied, "dnf.not_root", "only root can fill dnf's cache");
  const auto configuration = Session::configurationOf(settings_);
  if (!configuration)
    return run_.fail(rf::toStatus(configuration.error().status), configuration.error().code,
                     configuration.error().text);
  if (configuration->repositories.empty() && configuration->broken.empty())
    return run_.fail(rf::Status::kMisconfigured, "dnf.no_repositories", "no repository is enabled");
  std::map<std::string, Kept> before;
  for (const auto& repository : configuration->repositories)
    before[repository.id] = keptOf(repository, configuration->cache_dir);
  const auto ended = makeCache();
  if (!ended) return run_.fail(rf::toStatus(ended.error().status), ended.error().code, ended.error().text);
  std::map<std::string, std::string> statuses;
  for (const auto& repository : configuration->repositories)
    statuses[repository.id] =
        statusSince(before[repository.id], keptOf(repository, configuration->cache_dir));
  return tell(*configuration, statuses, *ended, result);
}

}  // namespace redflag::dnf
