#pragma once
// GET /metrics, and what is in it beside what is counted where it happens: connections, agents, commands, the
// process.

#include <filesystem>
#include <memory>
#include <mutex>

#include "http/front.h"
#include "http/stream_hub.h"
#include "metrics/registry.h"
#include "services/services.h"

namespace redflag::server {

// Reads the store at most every few seconds, however often it is asked.
class FleetNumbers {
 public:
  explicit FleetNumbers(const services::Services& services) : services_(services) {}
  void write(metrics::Snapshot& out);

 private:
  void refresh();

  const services::Services& services_;
  std::mutex mutex_;
  std::int64_t read_ns_ = 0;
  store::AgentTotals agents_;
  std::map<std::string, std::int64_t> commands_;
};

// When what ends will have ended.
void writeExpiries(const std::filesystem::path& data, metrics::Snapshot& out);

void writeProcess(metrics::Snapshot& out);
void writeFront(const http::Front& front, const http::StreamHub& streams, metrics::Snapshot& out);

std::vector<http::Route> metricsRoutes(const metrics::Registry& registry);

}  // namespace redflag::server
