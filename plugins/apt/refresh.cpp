#include "refresh.h"

#include <apt-pkg/acquire-item.h>
#include <apt-pkg/acquire.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/update.h>

#include <map>

#include "apt_errors.h"
#include "base/json.h"
#include "installer.h"
#include "session.h"
#include "source_list.h"

namespace redflag::apt {
namespace {

constexpr std::size_t kMaxText = 500;

constexpr const char* kRefreshActions = R"({"actions":[
  {"name":"refresh","title":"Refresh package lists","risk":"low",
   "description":"Fetches the lists of the configured sources, as apt-get update does.",
   "parameters_schema":{"type":"object","additionalProperties":false,"properties":{}}}
]})";

struct SourceWord {
  std::string status;
  std::string text;
};

class RefreshStatus : public pkgAcquireStatus {
 public:
  RefreshStatus(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress)
      : run_(run), clock_(clock), progress_(progress) {}

  bool MediaChange(std::string, std::string) override { return false; }  // nobody is there to change a disc
  bool Pulse(pkgAcquire* owner) override {
    pkgAcquireStatus::Pulse(owner);
    progress_.update(static_cast<int>(Percent), "Fetching package lists");
    return !run_.cancelled() && clock_.monotonicNs() < run_.deadlineNs();
  }
  void IMSHit(pkgAcquire::ItemDesc& item) override { note(item, "unchanged", ""); }
  void Done(pkgAcquire::ItemDesc& item) override { note(item, "fetched", ""); }
  void Fail(pkgAcquire::ItemDesc& item) override {
    // Files that a source need not have: apt goes on without them.
    const auto status = item.Owner->Status;
    if (status == pkgAcquire::Item::StatIdle || status == pkgAcquire::Item::StatDone) return;
    note(item, "failed", item.Owner->ErrorText.substr(0, kMaxText));
  }

  const std::map<std::string, SourceWord>& sources() const { return sources_; }
  double fetchedBytes() const { return static_cast<double>(FetchedBytes); }

 private:
  void note(const pkgAcquire::ItemDesc& item, const char* status, const std::string& text) {
    progress_.line(std::string(status) + ": " + item.Description + (text.empty() ? "" : ": " + text));
    sources_[item.Description] = {status, text};
  }

  rf::Run& run_;
  const rf::Clock& clock_;
  const rf::Progress& progress_;
  std::map<std::string, SourceWord> sources_;
};

}  // namespace

const char* AptRefresh::list() {
  return kRefreshActions;
}

rf::Status AptRefresh::run(rf::Output& result) {
  if (auto ok = becomeInstaller(settings_); !ok)
    return run_.fail(rf::toStatus(ok.error().status), ok.error().code, ok.error().text);
  std::vector<BrokenSource> broken;
  const auto sources = readSources(broken);
  RefreshStatus status(run_, clock_, progress_);
  pkgAcquire fetcher(&status);
  if (!fetcher.GetLock(_config->FindDir("Dir::State::Lists")))
    return run_.fail(rf::Status::kTransient, "apt.lists_locked", takeAptErrors());
  std::string failed;
  for (const auto& source : broken)
    failed += (failed.empty() ? "" : "; ") + source.problem.text;
  // Hooks of the machine's own belong to the machine's own root.
  const bool hooks = settings_.root == "/";
  const bool asked = sources->GetIndexes(&fetcher);
  const bool updated = asked && AcquireUpdate(fetcher, 0, hooks, true);
  Json rows = Json::array();
  for (const auto& [name, word] : status.sources()) {
    rows.push_back({{"source", name}, {"status", word.status}, {"text", word.text}});
    if (word.status == "failed") failed += (failed.empty() ? "" : "; ") + name + ": " + word.text;
  }
  const auto errors = takeAptErrors();
  const auto written = result.write(dumpJson(
      {{"fetched_bytes", static_cast<std::int64_t>(status.fetchedBytes())}, {"sources", std::move(rows)}}));
  if (run_.cancelled() || clock_.monotonicNs() >= run_.deadlineNs())
    return run_.fail(rf::Status::kLimit, "apt.deadline", "the time was over while fetching");
  if (updated && failed.empty()) return written;
  return run_.fail(rf::Status::kTransient, "apt.refresh_failed",
                   failed.empty() ? (errors.empty() ? "not every list could be fetched" : errors) : failed);
}

}  // namespace redflag::apt
