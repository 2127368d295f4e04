#pragma once
// The running agent as orders may change it and look into it.

#include <functional>

#include "config/store.h"
#include "link/agent_control.h"
#include "schedule/scan_service.h"
#include "schedule/scheduler.h"

namespace redflag::kernel {

class AgentOrders : public AgentControl {
 public:
  struct Parts {
    ConfigStore& config;
    ScanService& scans;
    Scheduler& scheduler;
    std::function<Json()> status;   // as `redflag-agent status` shows it
    std::function<void()> changed;  // another configuration is in force
  };
  explicit AgentOrders(Parts parts) : parts_(std::move(parts)) {}

  Json diagnostics(std::size_t log_lines) const override;
  Result<Json> hurry(std::int64_t minutes, std::int64_t every_s) override;
  Result<Json> configure(const Json& settings) override;

 private:
  Parts parts_;
};

// Keys, tokens and the like, which no line of ours should hold, taken out of a text.
std::string withoutSecrets(const std::string& text);

}  // namespace redflag::kernel
