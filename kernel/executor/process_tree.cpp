#include "executor/process_tree.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <sstream>
#include <vector>

#include "platform/files.h"
#include "platform/machine.h"

namespace redflag::kernel {
namespace {

constexpr int kPasses = 20;  // a tree that forks while it is killed is caught by the next pass

struct Stat {
  char state = '?';
  std::int64_t parent = 0;
  std::string start_ticks;
};

// /proc/<pid>/stat: the name in parentheses may hold anything, so fields count from its last ')'.
std::optional<Stat> statOf(std::int64_t pid) {
  const auto content = platform::readFile("/proc/" + std::to_string(pid) + "/stat", 4096);
  if (!content) return std::nullopt;
  const auto name_end = content->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream in(content->substr(name_end + 1));
  Stat out;
  std::string field;
  in >> out.state >> out.parent;
  for (int number = 5; number <= 22; ++number)
    in >> field;
  if (!in) return std::nullopt;
  out.start_ticks = field;
  return out;
}

std::multimap<std::int64_t, std::int64_t> childrenOfAll() {
  std::multimap<std::int64_t, std::int64_t> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    std::int64_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || end != name.data() + name.size()) continue;
    const auto stat = statOf(pid);
    if (stat && stat->state != 'Z') out.emplace(stat->parent, pid);
  }
  return out;
}

// Without the root, parents before children.
std::vector<std::int64_t> descendantsOf(std::int64_t root) {
  const auto children = childrenOfAll();
  std::vector<std::int64_t> out = {root};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto [first, last] = children.equal_range(out[i]);
    for (auto it = first; it != last; ++it)
      out.push_back(it->second);
  }
  out.erase(out.begin());
  return out;
}

}  // namespace

std::optional<ProcessMark> markOf(std::int64_t pid) {
  const auto stat = pid > 0 ? statOf(pid) : std::nullopt;
  if (!stat || stat->state == 'Z' || stat->state == 'X') return std::nullopt;
  return ProcessMark{pid, platform::bootId() + ":" + stat->start_ticks};
}

bool isAlive(const ProcessMark& mark) {
  return markOf(mark.pid) == mark;
}

bool isOfThisBoot(const ProcessMark& mark) {
  return mark.start.starts_with(platform::bootId() + ":");
}

void killTree(const ProcessMark& root) {
  if (isAlive(root)) kill(static_cast<pid_t>(root.pid), SIGSTOP);  // it starts nothing while its children go
  for (int pass = 0; pass < kPasses && isAlive(root); ++pass) {
    const auto descendants = descendantsOf(root.pid);
    if (descendants.empty()) break;
    std::for_each(descendants.rbegin(), descendants.rend(),
                  [](std::int64_t pid) { kill(static_cast<pid_t>(pid), SIGKILL); });
  }
  if (isAlive(root)) kill(static_cast<pid_t>(root.pid), SIGKILL);
}

}  // namespace redflag::kernel
