#include "platform/orphans.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "platform/files.h"
#include "platform/linux/children.h"

namespace redflag::platform {
namespace {

constexpr int kPatience = 200;  // passes in which none of them went, of 5 ms each
constexpr int kPassMs = 5;

std::atomic<bool> adopting = false;
std::mutex children_mutex;
std::set<pid_t> children;
int adoptions = 0;

std::optional<pid_t> number(const std::string& text) {
  pid_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The fourth field of its stat, behind the name in parentheses, which may hold anything.
std::optional<pid_t> parentOf(const std::string& process) {
  const auto content = readFile("/proc/" + process + "/stat", 4096);
  const auto name_end = content ? content->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream in(content->substr(name_end + 1));
  char state = '?';
  pid_t parent = 0;
  return in >> state >> parent ? std::optional(parent) : std::nullopt;
}

std::vector<std::string> namesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  return names;
}

// Kernels without this list answer nothing, then every process is looked at.
std::vector<pid_t> ownChildren() {
  std::vector<pid_t> found;
  bool listed = false;
  for (const auto& thread : namesIn("/proc/self/task")) {
    const auto content = readFile("/proc/self/task/" + thread + "/children", 1U << 20U);
    if (!content) continue;
    listed = true;
    std::istringstream in(*content);
    for (pid_t pid = 0; in >> pid;)
      found.push_back(pid);
  }
  if (listed) return found;
  for (const auto& name : namesIn("/proc")) {
    const auto pid = number(name);
    if (pid && parentOf(name) == ::getpid()) found.push_back(*pid);
  }
  return found;
}

bool hasChildren() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG) == 0;
}

// How many there were.
std::size_t endOneGeneration() {
  const std::lock_guard lock(children_mutex);
  auto orphans = ownChildren();
  std::erase_if(orphans, [](pid_t pid) { return children.contains(pid); });
  for (const pid_t pid : orphans)
    ::kill(pid, SIGKILL);
  for (const pid_t pid : orphans)
    ::waitpid(pid, nullptr, WNOHANG);
  return orphans.size();
}

void changeAdoptions(int by) {
  const std::lock_guard lock(children_mutex);
  adoptions += by;
  const bool wanted = adoptions > 0;
  adopting = ::prctl(PR_SET_CHILD_SUBREAPER, wanted ? 1 : 0, 0, 0, 0) == 0 && wanted;
}

}  // namespace

void adoptOrphans() {
  changeAdoptions(1);
}

OrphanAdoption::OrphanAdoption() {
  changeAdoptions(1);
}

OrphanAdoption::~OrphanAdoption() {
  changeAdoptions(-1);
}

std::unique_lock<std::mutex> lockChildren() {
  return std::unique_lock(children_mutex);
}

void noteChild(const std::unique_lock<std::mutex>&, pid_t pid) {
  children.insert(pid);
}

void reapChild(pid_t pid) {
  const std::lock_guard lock(children_mutex);
  ::waitpid(pid, nullptr, WNOHANG);
  children.erase(pid);
}

// One that cannot be killed now, because the system holds it, is met again at the end of the next child.
void endOrphans() {
  if (!adopting) return;
  auto left = std::numeric_limits<std::size_t>::max();
  for (int waited = 0; waited < kPatience && hasChildren(); ++waited) {
    const auto now = endOneGeneration();
    if (now == 0) return;
    if (now < left) waited = 0;
    left = now;
    ::usleep(kPassMs * 1000);
  }
}

}  // namespace redflag::platform
