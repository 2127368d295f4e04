#pragma once
// One plugin run from its kept state to its kept state, without anything around it: what `redflag-agent scan`
// does by itself and the schedule does under breakers. Threads: any; one run of one plugin at a time.

#include <atomic>
#include <filesystem>

#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"

namespace redflag::kernel {

class PluginRunner {
 public:
  // `state_folder`: what plugins keep is below it.
  PluginRunner(std::shared_ptr<const HostStarter> starter, const std::filesystem::path& state_folder)
      : supervisor_(std::move(starter)), state_folder_(state_folder / "plugins") {}

  RunOutcome scan(const ReadyPlugin& plugin, const std::string& purpose,
                  const std::atomic<bool>* cancelled) const;
  // `operation` of rf.updater/1, unprivileged.
  RunOutcome update(const ReadyPlugin& plugin, const std::string& operation, const Json& request,
                    const std::atomic<bool>* cancelled) const;

 private:
  Supervisor supervisor_;
  std::filesystem::path state_folder_;
};

}  // namespace redflag::kernel
