#include "refresh.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "command.h"
#include "common/child.h"
#include "common/refresh_action.h"

namespace redflag::dnf5 {
namespace {

constexpr const char* kNobodyAnswers = "/dev/null";
constexpr std::string_view kError = ">>> ";
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::chrono::milliseconds kBetweenLooks{50};

}  // namespace

Result<Dnf5Refresh::Repositories> Dnf5Refresh::ask() {
  const auto answer = client_.json({"repo", "info", "--json"});
  if (!answer) return tl::unexpected<Problem>(answer.error());
  const auto parsed = answer->is_null() ? std::vector<Repository>() : parseRepositories(*answer);
  if (!parsed) return tl::unexpected<Problem>(parsed.error());
  Repositories repositories;
  for (const auto& repository : *parsed)
    repositories.emplace(repository.id, repository);
  return repositories;
}

// A repository that fails keeps none from being asked.
Result<Dnf5Refresh::Ended> Dnf5Refresh::makeCache(const Repositories& before) {
  std::int64_t newest = 0;
  for (const auto& [id, repository] : before)
    newest = std::max(newest, repository.refreshed_at);
  // dnf5 notes whole seconds, by which alone it is seen that it asked again.
  while (clock_.epochNs() / kSecondNs == newest && !isOver())
    std::this_thread::sleep_for(kBetweenLooks);
  auto command = dnf5Command();
  command.insert(command.end(), {kSkipUnavailable, "--refresh", "makecache"});
  progress_.update(0, "Fetching");
  Ended out;
  const auto ended = plugin::runChild(
      command, kNobodyAnswers,
      [&](const std::string& line) {
        progress_.line(line);
        if (line.starts_with(kError))
          out.errors += (out.errors.empty() ? "" : "; ") + line.substr(kError.size());
      },
      [this] { return isOver(); });
  if (ended.code < 0) return fail(RF_PERMANENT, "dnf5.no_program", command.front() + " cannot be started");
  out.well = ended.code == 0;
  out.words = ended.words;
  if (!out.well && isWaiting(ended.words))
    return fail(RF_TRANSIENT, "dnf5.locked", "another dnf5 is at work; nothing was fetched: " + ended.words);
  return out;
}

rf::Status Dnf5Refresh::tell(const Repositories& before, const Repositories& now, const Ended& ended,
                             rf::Output& result) {
  auto rows = Json::array();
  std::string failed;
  for (const auto& [id, repository] : now) {
    const auto old = before.find(id);
    const bool was_asked = old == before.end() || repository.refreshed_at > old->second.refreshed_at;
    const bool is_new = old == before.end() || repository.revision != old->second.revision;
    if (!was_asked) failed += (failed.empty() ? "" : ", ") + id;
    rows.push_back({{"source", id},
                    {"status", !was_asked ? "failed"
                               : is_new   ? "fetched"
                                          : "unchanged"},
                    {"text", was_asked ? "" : ended.errors}});
  }
  const auto written = result.write(dumpJson({{"sources", std::move(rows)}}));
  if (!ended.well && isOver())
    return run_.fail(rf::Status::kLimit, "dnf5.deadline", "the time was over while fetching");
  if (!failed.empty())
    return run_.fail(rf::Status::kTransient, "dnf5.refresh_failed", failed + ": " + ended.errors);
  if (!ended.well) return run_.fail(rf::Status::kTransient, "dnf5.refresh_failed", ended.words);
  return written;
}

rf::Status Dnf5Refresh::run(rf::Output& result) {
  const auto refresh = [&]() -> Result<rf::Status> {
    if (geteuid() != 0) return fail(RF_DENIED, "dnf5.not_root", "only root can fill dnf5's cache");
    const auto before = ask();
    if (!before) return tl::unexpected<Problem>(before.error());
    if (before->empty()) return fail(RF_MISCONFIGURED, "dnf5.no_repositories", "no repository is enabled");
    const auto ended = makeCache(*before);
    if (!ended) return tl::unexpected<Problem>(ended.error());
    const auto now = ask();
    if (!now) return tl::unexpected<Problem>(now.error());
    return tell(*before, *now, *ended, result);
  };
  const auto told = refresh();
  if (told) return *told;
  return run_.fail(rf::toStatus(told.error().status), told.error().code, told.error().text);
}

}  // namespace redflag::dnf5
