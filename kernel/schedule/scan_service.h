#pragma once
// Runs scans and plans as the running agent does: under its configuration, through the breakers, into the
// spool. Threads: any.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "breaker/breaker_store.h"
#include "config/store.h"
#include "schedule/run_gate.h"
#include "schedule/scanner.h"
#include "spool/spool.h"
#include "supervisor/plugin_runner.h"
#include "supervisor/scan_report.h"

namespace redflag::kernel {

// What the last run of a plugin came to.
struct LastScan {
  std::int64_t at = 0;  // ns since the epoch: its end
  std::int64_t duration_ns = 0;
  std::string status;
  bool complete = false;
  std::size_t records = 0;
  std::map<std::string, bool> walls;  // as its process built them
  std::string code;                   // of the report that explains it
  std::string text;
};

struct PluginStatus {
  std::string id;
  std::string version;
  std::string name;
  std::vector<std::string> interfaces;
  bool measures = false;        // its scans hold metrics
  bool tells_services = false;  // … and services
  std::string state;            // ok | refused | not_applicable
  std::string text;             // why not ok
  BreakerState breaker;         // of the scanner
  std::optional<LastScan> last_scan;
};

class ScanService : public Scanner {
 public:
  struct Parts {
    ConfigStore& config;
    PluginPlace place;
    const PluginRunner& runner;
    BreakerStore& breakers;
    Spool& spool;
  };
  // The parts outlive the service.
  explicit ScanService(Parts parts);

  Result<std::vector<std::string>> scan(const ScanRequest& request) override;
  // The same with how each of them went; what it found is in the spool alone.
  Result<std::vector<ScanReport>> scanAll(const ScanRequest& request);
  Result<Json> runUpdater(const std::string& plugin, const std::string& operation, const Json& request,
                          const std::string& command_id) override;
  Result<Json> listActions(const std::string& plugin) override;
  Result<Json> runAction(const std::string& plugin, const std::string& action, const Json& parameters,
                         const std::string& command_id) override;
  Json status() const override;

  // Of every plugin that the configuration names.
  std::vector<PluginStatus> plugins() const;
  // kInvalid: a plugin's settings in that configuration are not what its schema says.
  Result<> checkSettings(const Config& config) const;
  // Called, from any thread, after runs that may have changed status(). Set once, before the first run.
  void onStatusChange(std::function<void()> callback) { on_status_change_ = std::move(callback); }
  // Ends what runs within seconds and lets nothing begin any more.
  void stop();

 private:
  Result<std::vector<std::string>> pluginsOf(const ScanRequest& request, const Config& config) const;
  std::vector<std::string> withThoseOfServices(std::vector<std::string> ids) const;
  // nullopt: the plugin has nothing to scan.
  std::optional<ScanReport> scanOne(const Config& config, const std::string& plugin,
                                    const ScanRequest& request);
  // What an operation beside scanning wrote, run under the breaker of its interface.
  Result<Json> operate(const Config& config, const std::string& plugin, const PluginCall& call);
  RunOutcome runUnderBreaker(const ReadyPlugin& plugin, const ScanRequest& request,
                             const std::string& purpose);
  void addInstalled(const Config& config, const ReadyPlugin& plugin, const ScanRequest& request,
                    RunOutcome& outcome);
  Result<> spool(ScanReport& report, Trigger trigger);  // takes the records out
  void remember(const ScanReport& report);

  // A plugin's status as far as it follows from its files and the configuration.
  struct Description {
    std::shared_ptr<const Config> config;
    platform::FileStamp manifest;
    platform::FileStamp library;
    PluginStatus status;
    bool sameInputs(const Description& other) const {
      return config == other.config && manifest == other.manifest && library == other.library;
    }
  };
  PluginStatus describe(const std::shared_ptr<const Config>& config, const PluginConfig& plugin) const;
  Json settings(const std::shared_ptr<const Config>& config) const;

  // What is told of the configuration, as far as it follows from it and the plugins' manifests.
  struct Told {
    std::shared_ptr<const Config> config;
    std::vector<platform::FileStamp> manifests;
    Json report;
  };

  Parts parts_;
  const std::string boot_id_;
  RunGate gate_;
  std::atomic<bool> stopping_ = false;
  std::function<void()> on_status_change_;
  mutable std::mutex mutex_;
  std::map<std::string, LastScan> last_;
  mutable std::map<std::string, Description> described_;
  mutable Told told_;
};

// As the configuration says.
BreakerRules rulesOf(const BreakerConfig& config);

// The body of a `breaker` item (protocol/README.md).
std::string breakerItem(const BreakerTransition& transition, const std::string& id);

}  // namespace redflag::kernel
