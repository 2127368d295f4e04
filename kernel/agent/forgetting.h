#pragma once
// What of this machine's state is about a server, or about being one machine, and how it is taken out. What
// the admin configured stays.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/paths.h"

namespace redflag::kernel {

enum class Forget {
  kServer,      // whom it believes, whose agent it is, what that server ordered and has not been told yet
  kEverything,  // that, and what plugins and schedules remember
};

struct Forgotten {
  struct Entry {
    std::filesystem::path path;
    std::string what;
  };
  std::vector<Entry> entries;
  std::vector<std::filesystem::path>
      left;  // in those folders, and not known to this version: somebody's else
};

// Stops nothing by force: kConflict while the agent or its executor runs. The agent's key goes first: after
// an interruption there is no second one. Done twice, the second time finds nothing. `executor_state` need
// not exist.
Result<Forgotten> forget(Forget what, const platform::Paths& paths,
                         const std::filesystem::path& executor_state);
// What forget() would take out, whoever runs.
Result<Forgotten> lookAtWhatToForget(Forget what, const platform::Paths& paths,
                                     const std::filesystem::path& executor_state);

}  // namespace redflag::kernel
