#include "host/linux/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace redflag::host {
namespace {

// The same numbers on every architecture.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskLevel = 1;
constexpr int kPathBeneath = 1;

constexpr std::uint64_t bit(unsigned number) {
  return std::uint64_t{1} << number;
}
constexpr std::uint64_t kExecuteFile = bit(0);
constexpr std::uint64_t kWriteFile = bit(1);
constexpr std::uint64_t kReadFile = bit(2);
constexpr std::uint64_t kReadFolder = bit(3);
constexpr std::uint64_t kRemove = bit(4) | bit(5);
constexpr std::uint64_t kMake = bit(7) | bit(8) | bit(9) | bit(10) | bit(12);  // no devices: bits 6 and 11
constexpr std::uint64_t kRefer = bit(13);
constexpr std::uint64_t kTruncate = bit(14);
constexpr std::uint64_t kOfFiles = kExecuteFile | kWriteFile | kReadFile | kTruncate;
constexpr std::uint64_t kTcp = bit(0) | bit(1);
constexpr std::uint64_t kAbstractSocket = bit(0);
constexpr std::uint64_t kSignal = bit(1);

// How many kinds of access to files each level knows, from level 1 on.
constexpr unsigned kKindsOfAccess[] = {13, 14, 15, 15, 16, 16};

struct RulesetAttributes {
  std::uint64_t files;
  std::uint64_t network;  // from level 4
  std::uint64_t scoped;   // from level 6
};

struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed;
  std::int32_t folder;
};

tl::unexpected<Error> systemError(const std::string& step) {
  return fail(Code::kUnsupported, "Landlock, " + step + ": " + std::generic_category().message(errno));
}

std::uint64_t bitsOf(Landlock::Access access) {
  switch (access) {
    case Landlock::Access::kRead:
      return kReadFile | kReadFolder;
    case Landlock::Access::kExecute:
      return kReadFile | kExecuteFile;
    case Landlock::Access::kWrite:
      return kReadFile | kReadFolder | kWriteFile | kRemove | kMake | kRefer | kTruncate;
  }
  return 0;
}

}  // namespace

int landlockLevel() {
  const long level = ::syscall(kCreateRuleset, nullptr, 0, kAskLevel);
  return level < 0 ? 0 : static_cast<int>(level);
}

Result<Landlock> Landlock::create(int level, bool network) {
  const std::uint64_t files = bit(kKindsOfAccess[level - 1]) - 1;
  const RulesetAttributes attributes{files, level >= 4 && !network ? kTcp : 0,
                                     level >= 6 ? kSignal | (network ? 0 : kAbstractSocket) : 0};
  const std::size_t size = level >= 6 ? 24 : level >= 4 ? 16 : 8;
  Descriptor ruleset(static_cast<int>(::syscall(kCreateRuleset, &attributes, size, 0)));
  if (!ruleset) return systemError("rule set");
  return Landlock(std::move(ruleset), files);
}

Result<> Landlock::allow(const std::filesystem::path& path, Access access) {
  const Descriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  if (!place || ::fstat(place.get(), &info) != 0) return {};
  std::uint64_t allowed = bitsOf(access) & handled_;
  if (!S_ISDIR(info.st_mode)) allowed &= kOfFiles;
  const PathBeneath rule{allowed, place.get()};
  if (::syscall(kAddRule, ruleset_.get(), kPathBeneath, &rule, 0) != 0) return systemError(path.string());
  return {};
}

Result<> Landlock::enforce() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return systemError("no new privileges");
  if (::syscall(kRestrictSelf, ruleset_.get(), 0) != 0) return systemError("restrict");
  return {};
}

}  // namespace redflag::host
