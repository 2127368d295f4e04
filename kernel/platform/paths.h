#pragma once
// Where things are: installed by packages, or side by side in a build tree or a staged folder.

#include <filesystem>

namespace redflag::platform {

struct Paths {
  std::filesystem::path programs;     // redflag-host and the other programs: the folder of this program
  std::filesystem::path plugins;      // libraries and manifests
  std::filesystem::path config_file;  // agent.yaml
  std::filesystem::path state;        // what must survive a restart
  std::filesystem::path run;          // sockets and locks; gone after a boot
  bool installed = false;             // by packages: the system's folders are in use
};

// A program whose folder has a sibling `plugins/` runs from a build tree or a staged folder: it takes its
// plugins from there, no configuration unless one is named, and keeps state below the user's own state
// folder.
Paths defaultPaths();

// Where state lies when it is one user's own: $XDG_STATE_HOME/redflag or ~/.local/state/redflag.
std::filesystem::path userStateFolder();

// Where the executor of the agent with this state folder keeps its own.
std::filesystem::path defaultExecutorState(const std::filesystem::path& state);

// Puts state, run and lock below one folder (`--state`).
void keepStateIn(Paths& paths, const std::filesystem::path& folder);

}  // namespace redflag::platform
