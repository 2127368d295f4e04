#include "fetch.h"

#include <apt-pkg/acquire-item.h>
#include <apt-pkg/acquire.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/update.h>

#include "apt_errors.h"
#include "folder_lock.h"

namespace redflag::apt {
namespace {

constexpr std::size_t kMaxText = 500;

class FetchStatus : public pkgAcquireStatus {
 public:
  FetchStatus(FetchedLists& fetched, const FetchOptions& options, const rf::Run& run, const rf::Clock& clock,
              const rf::Progress& progress)
      : fetched_(fetched), options_(options), run_(run), clock_(clock), progress_(progress) {}

  bool MediaChange(std::string, std::string) override { return false; }  // nobody is there to change a disc
  bool Pulse(pkgAcquire* owner) override {
    pkgAcquireStatus::Pulse(owner);
    progress_.update(static_cast<int>(Percent), "Fetching package lists");
    fetched_.out_of_time = run_.cancelled() || clock_.monotonicNs() >= options_.until_ns;
    return !fetched_.out_of_time;
  }
  void IMSHit(pkgAcquire::ItemDesc& item) override { note(item, "unchanged", ""); }
  void Done(pkgAcquire::ItemDesc& item) override { note(item, "fetched", ""); }
  void Fail(pkgAcquire::ItemDesc& item) override {
    // Files that a source need not have: apt goes on without them.
    const auto status = item.Owner->Status;
    if (status == pkgAcquire::Item::StatIdle || status == pkgAcquire::Item::StatDone) return;
    note(item, "failed", withoutPasswords(item.Owner->ErrorText).substr(0, kMaxText));
  }
  std::int64_t bytes() const { return static_cast<std::int64_t>(FetchedBytes); }

 private:
  void note(const pkgAcquire::ItemDesc& item, const char* status, const std::string& text) {
    progress_.line(std::string(status) + ": " + item.Description + (text.empty() ? "" : ": " + text));
    fetched_.sources[item.Description] = {status, text};
  }

  FetchedLists& fetched_;
  const FetchOptions& options_;
  const rf::Run& run_;
  const rf::Clock& clock_;
  const rf::Progress& progress_;
};

}  // namespace

Result<FetchedLists> fetchLists(pkgSourceList& sources, const FetchOptions& options, const rf::Run& run,
                                const rf::Clock& clock, const rf::Progress& progress) {
  FetchedLists fetched;
  FetchStatus status(fetched, options, run, clock, progress);
  {
    pkgAcquire fetcher(&status);
    if (auto ok = lockFolder(fetcher, _config->FindDir("Dir::State::Lists"), "apt.lists_locked",
                             options.until_ns, run, clock, progress);
        !ok)
      return tl::unexpected<Problem>(ok.error());
    fetched.complete = sources.GetIndexes(&fetcher) && AcquireUpdate(fetcher, 0, options.hooks, true);
  }
  fetched.bytes = status.bytes();
  fetched.out_of_time = fetched.out_of_time || run.cancelled() || clock.monotonicNs() >= options.until_ns;
  // What is not signed is an error by itself, and no file's failure.
  fetched.complete = fetched.complete && !aptFailed();
  fetched.errors = takeAptErrors();
  return fetched;
}

}  // namespace redflag::apt
