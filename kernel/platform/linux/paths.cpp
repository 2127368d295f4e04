#include "platform/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace redflag::platform {
namespace {

std::filesystem::path fromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && value[0] == '/' ? std::filesystem::path(value) : std::filesystem::path();
}

}  // namespace

std::filesystem::path userStateFolder() {
  if (auto folder = fromEnvironment("XDG_STATE_HOME"); !folder.empty()) return folder / "redflag";
  if (auto folder = fromEnvironment("HOME"); !folder.empty()) return folder / ".local/state/redflag";
  // Never a shared folder such as /tmp: somebody else could have put our state there.
  const passwd* user = ::getpwuid(::getuid());
  return std::filesystem::path(user == nullptr ? "/nonexistent" : user->pw_dir) / ".local/state/redflag";
}

Paths defaultPaths() {
  std::error_code error;
  Paths paths;
  paths.programs = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  const auto beside = paths.programs.parent_path() / "plugins";
  if (std::filesystem::is_directory(beside, error)) {
    paths.plugins = beside;
    keepStateIn(paths, userStateFolder());
    return paths;
  }
  paths.installed = true;
  paths.plugins = "/usr/lib/redflag/plugins";
  paths.config_file = "/etc/redflag/agent.yaml";
  paths.state = "/var/lib/redflag";
  paths.run = "/run/redflag";
  return paths;
}

std::filesystem::path defaultExecutorState(const std::filesystem::path& state) {
  const auto paths = defaultPaths();
  if (paths.installed && state == paths.state) return "/var/lib/redflag-executor";
  return state / "executor";
}

void keepStateIn(Paths& paths, const std::filesystem::path& folder) {
  std::error_code error;
  paths.state = std::filesystem::absolute(folder, error);
  paths.run = paths.state / "run";
}

}  // namespace redflag::platform
