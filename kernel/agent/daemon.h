#pragma once
// The running agent: every part of it, in the order in which they need each other.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/agent_orders.h"
#include "agent/local_server.h"
#include "agent/steps.h"
#include "agent/told_errors.h"
#include "config/store.h"
#include "link/link.h"
#include "platform/files.h"
#include "platform/paths.h"
#include "schedule/scan_service.h"
#include "schedule/scheduler.h"

namespace redflag::kernel {

struct DaemonSettings {
  platform::Paths paths;
  std::filesystem::path config_file;  // "": none
  std::filesystem::path executor_socket;
  std::filesystem::path broker_socket;  // "": this process starts hosts itself
  std::string log_level;                // "": as the configuration says
};

class Daemon {
 public:
  explicit Daemon(DaemonSettings settings);
  ~Daemon() { stop(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // kInvalid: the configuration is bad and no earlier good one is kept. kConflict: an agent runs here
  // already.
  Result<> start() { return steps_.start(); }
  // Leaves no process, no socket and no lock.
  void stop() { steps_.stop(); }

  // Reads the configuration again if it changed on disk, or always.
  void reload(bool always);
  // Called now and then: tells of the agent's own errors, makes the agent small again after it has worked.
  void rest();
  // What `redflag-agent status` shows.
  Json status() const;

 private:
  bool brokered() const { return !settings_.broker_socket.empty(); }
  std::shared_ptr<const HostStarter> hostStarter() const;
  Result<> openSpool();
  Result<> openBreakers();
  Result<> startLink();
  void stopLink();
  Result<> answerLocally();
  Result<Json> answer(const Json& request);
  Json pluginsStatus() const;
  void configChanged();
  Policy policyNow() const;
  bool firstScanAcknowledged() const;
  void spoolTransition(const BreakerTransition& transition);

  const DaemonSettings settings_;
  const std::int64_t started_at_;
  std::optional<platform::LockFile> lock_;
  std::unique_ptr<ConfigStore> config_;
  std::unique_ptr<Spool> spool_;
  std::optional<ToldErrors> told_errors_;
  std::unique_ptr<BreakerStore> breakers_;
  std::optional<PluginRunner> runner_;
  std::unique_ptr<ScanService> scans_;
  std::unique_ptr<Scheduler> scheduler_;
  std::optional<AgentOrders> orders_;
  mutable std::mutex link_mutex_;
  std::shared_ptr<Link> link_;
  std::pair<Mode, std::string> link_made_for_;  // mode and proxy
  std::unique_ptr<LocalServer> local_;
  mutable std::atomic<bool> acknowledged_ = false;
  std::atomic<bool> worked_ = true;  // since the last rest; starting is work
  Steps steps_;
};

}  // namespace redflag::kernel
