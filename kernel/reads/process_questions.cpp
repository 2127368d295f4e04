#include "reads/process_questions.h"

#include "base/json.h"
#include "platform/replaced_files.h"

namespace redflag::kernel {

bool isProcessQuestion(std::string_view target) {
  return target == "/outdated";
}

std::string outdatedProcessesJson() {
  const auto outdated = platform::outdatedProcesses(platform::packageFolders());
  Json processes = Json::array();
  for (const auto& process : outdated.found)
    processes.push_back({{"pid", process.pid},
                         {"command", process.command},
                         {"control_group", process.control_group},
                         {"files", process.files}});
  return dumpJson({{"processes", std::move(processes)}, {"unreadable", outdated.unreadable}});
}

}  // namespace redflag::kernel
