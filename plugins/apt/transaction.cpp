#include "transaction.h"

#include <apt-pkg/acquire-item.h>
#include <apt-pkg/acquire.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/dpkgpm.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/install-progress.h>
#include <apt-pkg/pkgrecords.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "apt_errors.h"
#include "folder_lock.h"
#include "raw_output.h"

namespace redflag::apt {
namespace {

constexpr int kDownloadShare = 40;  // of the whole, in percent

class DownloadStatus : public pkgAcquireStatus {
 public:
  DownloadStatus(rf::Run& run, const rf::Clock& clock, const rf::Progress& progress)
      : run_(run), clock_(clock), progress_(progress) {}

  bool MediaChange(std::string, std::string) override { return false; }  // nobody is there to change a disc
  bool Pulse(pkgAcquire* owner) override {
    pkgAcquireStatus::Pulse(owner);
    if (TotalBytes > 0) progress_.update(static_cast<int>(Percent * kDownloadShare / 100), "Downloading");
    return !run_.cancelled() && clock_.monotonicNs() < run_.deadlineNs();
  }
  void Done(pkgAcquire::ItemDesc& item) override { progress_.line("Fetched " + item.Description); }

 private:
  rf::Run& run_;
  const rf::Clock& clock_;
  const rf::Progress& progress_;
};

class InstallProgress : public APT::Progress::PackageManager {
 public:
  explicit InstallProgress(const rf::Progress& progress) : progress_(progress) {}

  bool StatusChanged(std::string package, unsigned int done, unsigned int total,
                     std::string action) override {
    PackageManager::StatusChanged(package, done, total, action);
    const auto share = total == 0 ? 0 : (100 - kDownloadShare) * done / total;
    progress_.update(kDownloadShare + static_cast<int>(share), action);
    return true;
  }
  void Error(std::string package, unsigned int, unsigned int, std::string text) override {
    if (!errors_.empty()) errors_ += "; ";
    errors_ += package + ": " + text;
  }
  const std::string& errors() const { return errors_; }

 private:
  const rf::Progress& progress_;
  std::string errors_;
};

std::string untrustedItems(const pkgAcquire& fetcher) {
  std::string names;
  for (auto item = fetcher.ItemsBegin(); item != fetcher.ItemsEnd(); ++item)
    if (!(*item)->IsTrusted()) names += (names.empty() ? "" : ", ") + (*item)->ShortDesc();
  return names;
}

// What lies in a folder of this machine is used, or copied, from there.
std::uint64_t bytesToFetch(const pkgAcquire& fetcher) {
  std::uint64_t bytes = 0;
  for (auto item = fetcher.ItemsBegin(); item != fetcher.ItemsEnd(); ++item)
    if (!(*item)->Complete && !(*item)->DescURI().starts_with("file:"))
      bytes += (*item)->FileSize - std::min((*item)->FileSize, (*item)->PartialSize);
  return bytes;
}

// A disk that is full before anything is fetched: that is no fault of the archive, which apt would name.
Result<> roomFor(std::uint64_t bytes) {
  const auto folder = _config->FindDir("Dir::Cache::Archives");
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  // Some file systems do not count.
  if (error || space.capacity == 0 || space.free >= bytes) return {};
  return fail(RF_TRANSIENT, "apt.no_space",
              folder + " has " + std::to_string(space.free) + " bytes free, and " + std::to_string(bytes) +
                  " are to be downloaded; nothing was changed");
}

std::string failedItems(const pkgAcquire& fetcher) {
  std::string text;
  for (auto item = fetcher.ItemsBegin(); item != fetcher.ItemsEnd(); ++item)
    if ((*item)->Status != pkgAcquire::Item::StatDone || !(*item)->Complete)
      text += (text.empty() ? "" : "; ") + withoutPasswords((*item)->DescURI() + ": " + (*item)->ErrorText);
  return text;
}

}  // namespace

// apt's own, which can also serve a root that its files are not in.
class Transaction::Manager : public pkgDPkgPM {
 public:
  using pkgDPkgPM::pkgDPkgPM;
  ~Manager() override {
    std::error_code gone_already;
    for (const auto& copy : copies_)
      std::filesystem::remove(copy, gone_already);
  }

  // Packages of a file: archive are used where they lie. A dpkg inside a chroot sees them only if they lie in
  // there.
  Result<> bringInto(const std::string& root) {
    const std::filesystem::path archives = _config->FindDir("Dir::Cache::Archives");
    for (unsigned long id = 0; id < Cache.Head().PackageCount; ++id) {
      auto& file = FileNames[id];
      if (file.empty() || file.starts_with(root)) continue;
      const auto copy = archives / flNotDir(file);
      copies_.push_back(copy);  // also half of one has to go again
      std::error_code error;
      std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing, error);
      if (error) return fail(RF_TRANSIENT, "apt.download_failed", copy.string() + ": " + error.message());
      file = copy;
    }
    return {};
  }

 private:
  std::vector<std::filesystem::path> copies_;
};

Transaction::Transaction(Session& session, pkgDepCache& dependencies, rf::Run& run, const rf::Clock& clock,
                         const rf::Progress& progress)
    : session_(session),
      run_(run),
      clock_(clock),
      progress_(progress),
      manager_(std::make_unique<Manager>(&dependencies)) {}

Transaction::~Transaction() = default;

Result<> Transaction::download() {
  DownloadStatus status(run_, clock_, progress_);
  pkgAcquire fetcher(&status);
  pkgRecords records(session_.cache());
  if (auto ok = lockFolder(fetcher, _config->FindDir("Dir::Cache::Archives"), "apt.archives_locked",
                           run_.deadlineNs(), run_, clock_, progress_);
      !ok)
    return ok;
  if (!manager_->GetArchives(&fetcher, &session_.sources(), &records) || aptFailed())
    return fail(RF_PERMANENT, "apt.download_failed", takeAptErrors());
  if (const auto untrusted = untrustedItems(fetcher); !untrusted.empty())
    return fail(RF_PERMANENT, "apt.untrusted", "no trusted archive vouches for " + untrusted);
  if (auto ok = roomFor(bytesToFetch(fetcher)); !ok) return ok;
  const auto result = fetcher.Run();
  if (run_.cancelled())
    return fail(RF_CANCELLED, "apt.cancelled", "cancelled while downloading; nothing was changed");
  if (result == pkgAcquire::Cancelled)
    return fail(RF_LIMIT, "apt.deadline", "the time was over while downloading; nothing was changed");
  auto failed = failedItems(fetcher);
  const auto errors = takeAptErrors();
  if (result == pkgAcquire::Failed || !failed.empty())
    return fail(RF_TRANSIENT, "apt.download_failed", failed.empty() ? errors : failed);
  return manager_->bringInto(_config->FindDir("DPkg::Chroot-Directory", "/"));
}

std::string Transaction::commit(SystemLock& lock) {
  InstallProgress progress(progress_);
  const RawOutput output([this](const std::string& line) { progress_.line(line); });
  lock.lendToDpkg();
  const auto result = manager_->DoInstall(&progress);
  auto errors = takeAptErrors();
  if (!progress.errors().empty()) errors = progress.errors() + (errors.empty() ? "" : "; " + errors);
  if (result != pkgPackageManager::Completed && errors.empty())
    errors = "dpkg did not finish, without saying why";
  return result == pkgPackageManager::Completed && progress.errors().empty() ? "" : errors;
}

}  // namespace redflag::apt
