#include "platform/run_group.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <utility>
#include <vector>

#include "base/time.h"
#include "platform/descriptor.h"
#include "platform/files.h"

namespace redflag::platform {
namespace {

constexpr std::int64_t kEmptyNs = 2 * kSecondNs;
constexpr std::size_t kMaxTable = 1U << 20U;

tl::unexpected<Error> because(const std::filesystem::path& path) {
  return fail(Code::kIo, path.string() + ": " + std::strerror(errno));
}

Result<> put(const std::filesystem::path& file, const std::string& text) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!out.valid() || ::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return because(file);
  return {};
}

// Where version 2 is mounted. A line: "36 35 98:0 /root /mount/point options - type source options".
Result<std::filesystem::path> mountPoint() {
  const auto table = readFile("/proc/self/mountinfo", kMaxTable);
  if (!table) return tl::unexpected<Error>(table.error());
  std::istringstream lines(*table);
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find(" - cgroup2 ");
    if (end == std::string::npos) continue;
    std::istringstream words(line.substr(0, end));
    std::string skipped;
    std::string point;
    if (words >> skipped >> skipped >> skipped >> skipped >> point) return point;
  }
  return fail(Code::kUnsupported, "this system has no control groups of version 2");
}

// Our own place below it, with its leading slash.
Result<std::string> ownPlace() {
  const auto table = readFile("/proc/self/cgroup", kMaxTable);
  if (!table) return tl::unexpected<Error>(table.error());
  std::istringstream lines(*table);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return fail(Code::kUnsupported, "this process is in no control group of version 2");
}

// Of the same name on every start, and of nobody else's.
std::string nameOf(const std::filesystem::path& owner) {
  struct stat info {};
  static_cast<void>(::stat(owner.c_str(), &info));
  return "redflag-" + std::to_string(info.st_dev) + "-" + std::to_string(info.st_ino);
}

bool isDelegated(const std::filesystem::path& folder) {
  char value = 0;
  return ::getxattr(folder.c_str(), "user.delegate", &value, 1) == 1 && value == '1';
}

}  // namespace

RunGroup::RunGroup(RunGroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

RunGroup& RunGroup::operator=(RunGroup&& other) noexcept {
  std::swap(folder_, other.folder_);
  return *this;
}

RunGroup::~RunGroup() {
  if (folder_.empty()) return;
  kill();
  const std::int64_t until = monotonicNow() + kEmptyNs;
  while (::rmdir(folder_.c_str()) != 0 && errno == EBUSY && monotonicNow() < until)
    ::poll(nullptr, 0, 1);
}

Result<> RunGroup::add(std::int64_t pid) {
  if (folder_.empty()) return {};
  return put(folder_ / "cgroup.procs", std::to_string(pid));
}

void RunGroup::kill() {
  if (!folder_.empty()) static_cast<void>(put(folder_ / "cgroup.kill", "1"));
}

Result<RunGroups> RunGroups::open(const std::filesystem::path& owner) {
  const auto mounted = mountPoint();
  if (!mounted) return tl::unexpected<Error>(mounted.error());
  const auto own = ownPlace();
  if (!own) return tl::unexpected<Error>(own.error());
  const auto place = *own == "/" ? *mounted : *mounted / own->substr(1);
  if (*own != "/" && !isDelegated(place)) {
    return fail(Code::kUnsupported,
                place.string() + " was not given to this process to divide (Delegate=yes)");
  }
  RunGroups groups(place / nameOf(owner));
  groups.endRemains();
  if (::mkdir(groups.folder_.c_str(), 0755) != 0 && errno != EEXIST) {
    const auto why = because(groups.folder_).value().text;
    groups.folder_.clear();
    return fail(Code::kUnsupported, why);
  }
  const auto made = groups.make();
  if (!made) return fail(Code::kUnsupported, made.error().text);
  return groups;
}

void RunGroups::endRemains() const {
  std::error_code error;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_directory(error)) left.push_back(it->path());
  }
  for (auto& folder : left)
    RunGroup(std::move(folder)).kill();
}

RunGroups::RunGroups(RunGroups&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

RunGroups::~RunGroups() {
  if (!folder_.empty()) ::rmdir(folder_.c_str());
}

Result<RunGroup> RunGroups::make() const {
  static std::atomic<std::uint64_t> number = 0;
  const auto folder = folder_ / ("run-" + std::to_string(++number));
  if (::mkdir(folder.c_str(), 0755) != 0) return because(folder);
  RunGroup group(folder);
  if (::access((folder / "cgroup.kill").c_str(), W_OK) != 0) return because(folder / "cgroup.kill");
  return group;
}

}  // namespace redflag::platform
