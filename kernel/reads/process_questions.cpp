#include "reads/process_questions.h"

#include "base/json.h"
#include "platform/replaced_files.h"

namespace redflag::kernel {
namespace {

constexpr std::string_view kOutdated = "/outdated";
constexpr std::string_view kInUse = "/in-use";

Json outdatedJson() {
  const auto outdated = platform::outdatedProcesses(platform::packageFolders());
  Json processes = Json::array();
  for (const auto& process : outdated.found)
    processes.push_back({{"pid", process.pid},
                         {"command", process.command},
                         {"control_group", process.control_group},
                         {"files", process.files}});
  return {
      {"processes", std::move(processes)}, {"is_cut", outdated.is_cut}, {"unreadable", outdated.unreadable}};
}

Json inUseJson() {
  const auto in_use = platform::filesInUse(platform::packageFolders());
  Json groups = Json::array();
  for (const auto& used : in_use.groups) {
    if (used.control_group.empty()) continue;  // no service is there
    groups.push_back({{"control_group", used.control_group}, {"files", used.files}, {"is_cut", used.is_cut}});
  }
  return {{"groups", std::move(groups)}, {"is_cut", in_use.is_cut}};
}

}  // namespace

bool isProcessQuestion(std::string_view target) {
  return target == kOutdated || target == kInUse;
}

std::string processesJson(std::string_view target) {
  return dumpJson(target == kInUse ? inUseJson() : outdatedJson());
}

}  // namespace redflag::kernel
