#pragma once
// One plugin run from its kept state to its kept state, without anything around it: what `redflag-agent scan`
// does by itself and the schedule does under breakers. Threads: any; one run of one plugin at a time.

#include <atomic>
#include <filesystem>

#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"

namespace redflag::kernel {

struct PluginCall {
  std::string interface_id;
  std::string operation;
  Json request;
  std::int64_t time_ns = 0;     // less than the plugin's own limit; 0: that one
  std::string command_id = {};  // of the order behind it, or ""
};

class PluginRunner {
 public:
  // `state_folder`: what plugins keep is below it.
  PluginRunner(std::shared_ptr<const HostStarter> starter, const std::filesystem::path& state_folder)
      : supervisor_(std::move(starter)), state_folder_(state_folder / "plugins") {}

  // `command_id`: of the order behind it, or "".
  RunOutcome scan(const ReadyPlugin& plugin, const std::string& purpose, const std::string& command_id,
                  const std::atomic<bool>* cancelled) const;
  // An unprivileged operation that writes a document.
  RunOutcome operate(const ReadyPlugin& plugin, const PluginCall& call,
                     const std::atomic<bool>* cancelled) const;

 private:
  Supervisor supervisor_;
  std::filesystem::path state_folder_;
};

}  // namespace redflag::kernel
