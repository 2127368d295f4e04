#include "platform/replaced_files.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "platform/linux/process_texts.h"

namespace redflag::platform {
namespace {

constexpr std::size_t kMaxFiles = 32;
constexpr std::size_t kMaxPath = 1024;

std::optional<std::int64_t> processId(const std::string& name) {
  std::int64_t pid = 0;
  const auto* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, pid);
  return error == std::errc() && stop == end && pid > 0 ? std::optional(pid) : std::nullopt;
}

// The path from there on, with its slash; "" for what is not below it.
std::string_view within(std::string_view path, const std::string& folder) {
  if (path.size() <= folder.size() || !path.starts_with(folder) || path[folder.size()] != '/') return {};
  return path.substr(folder.size());
}

bool isBelow(std::string_view path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](const std::string& folder) { return !within(path, folder).empty(); });
}

bool isInstalledBelow(std::string_view path, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    const auto rest = within(path, folder);
    return !rest.empty() && !isTemporary(rest);
  });
}

std::string firstLineOf(const std::filesystem::path& file) {
  std::string line;
  std::ifstream in(file);
  std::getline(in, line);
  return line;
}

std::string controlGroupOf(const std::filesystem::path& process) {
  std::ifstream in(process / "cgroup");
  std::string group;
  for (std::string line; std::getline(in, line);)
    if (const auto named = controlGroup(line); !named.empty()) group = named;
  return group;
}

// Files by control group, as long as there is room for them.
class GroupedFiles {
 public:
  explicit GroupedFiles(const MostInUse& most) : most_(most) {}

  // False: there is none.
  bool add(const std::string& group, std::string_view file) {
    const auto known = groups_.find(group);
    const bool is_new = known == groups_.end();
    if (!is_new && known->second.files.contains(file)) return true;
    if (!is_new && known->second.files.size() == most_.files) {
      known->second.is_cut = true;
      return false;
    }
    const auto bytes = file.size() + kAroundFile + (is_new ? group.size() + kAroundGroup : 0);
    if ((is_new && groups_.size() == most_.groups) || bytes > most_.bytes - bytes_) {
      is_cut_ = true;
      return false;
    }
    bytes_ += bytes;
    groups_[group].files.emplace(file);
    return true;
  }

  FilesInUse take() const {
    FilesInUse out{{}, is_cut_};
    for (const auto& [name, group] : groups_)
      out.groups.push_back({name, {group.files.begin(), group.files.end()}, group.is_cut});
    return out;
  }

 private:
  static constexpr std::size_t kAroundFile = std::string_view(R"("",)").size();
  static constexpr std::size_t kAroundGroup =
      std::string_view(R"({"control_group":"","files":[],"is_cut":false},)").size();

  struct Group {
    std::set<std::string, std::less<>> files;
    bool is_cut = false;
  };

  const MostInUse most_;
  std::map<std::string, Group> groups_;
  std::size_t bytes_ = 0;
  bool is_cut_ = false;
};

}  // namespace

std::vector<std::string> packageFolders() {
  return {"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec",
          "/bin",     "/sbin",     "/lib",     "/lib32",     "/lib64",     "/libx32",     "/opt"};
}

FilesInUse filesInUse(const std::vector<std::string>& folders, const MostInUse& most) {
  GroupedFiles found(most);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    if (!processId(entry.path().filename().string())) continue;
    std::ifstream maps(entry.path() / "maps");
    if (!maps) continue;
    const std::string group = controlGroupOf(entry.path());
    bool has_room = true;
    for (std::string line; has_room && std::getline(maps, line);) {
      const auto path = withoutMark(executedFile(line));
      if (path.size() <= kMaxPath && isBelow(path, folders)) has_room = found.add(group, path);
    }
  }
  return found.take();
}

OutdatedProcesses outdatedProcesses(const std::vector<std::string>& folders, std::size_t most) {
  OutdatedProcesses out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = processId(entry.path().filename().string());
    if (!pid) continue;
    std::ifstream maps(entry.path() / "maps");
    if (!maps) {
      if (std::filesystem::exists(entry.path(), error)) ++out.unreadable;
      continue;
    }
    std::set<std::string> files;
    for (std::string line; files.size() < kMaxFiles && std::getline(maps, line);) {
      const auto file = executedFile(line);
      const auto path = withoutMark(file);
      if (isMarkedGone(file) && path.size() <= kMaxPath && isInstalledBelow(path, folders))
        files.emplace(path);
    }
    if (files.empty()) continue;
    if (out.found.size() == most) {
      out.is_cut = true;
      break;
    }
    out.found.push_back({*pid,
                         firstLineOf(entry.path() / "comm"),
                         controlGroupOf(entry.path()),
                         {files.begin(), files.end()}});
  }
  std::sort(out.found.begin(), out.found.end(),
            [](const OutdatedProcess& a, const OutdatedProcess& b) { return a.pid < b.pid; });
  return out;
}

}  // namespace redflag::platform
