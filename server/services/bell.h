#pragma once
// Reaches the front's open streams, which exist only after the routes do. Until connect(), nobody hears.

#include <atomic>
#include <string>
#include <vector>

#include "http/streams.h"

namespace redflag::services {

class Bell {
 public:
  // `streams` outlives every request, or disconnect() is called first. [any thread]
  void connect(http::Streams& streams) { streams_.store(&streams); }
  void disconnect() { streams_.store(nullptr); }

  void ring(const std::string& agent_id) const {
    if (auto* streams = streams_.load()) streams->ring(agent_id);
  }
  bool connected(const std::string& agent_id) const {
    const auto* streams = streams_.load();
    return streams != nullptr && streams->connected(agent_id);
  }
  std::vector<std::string> connectedAgents() const {
    const auto* streams = streams_.load();
    return streams == nullptr ? std::vector<std::string>() : streams->connectedAgents();
  }
  void outboxGrew() const {
    if (auto* streams = streams_.load()) streams->outboxGrew();
  }

 private:
  std::atomic<http::Streams*> streams_{nullptr};
};

}  // namespace redflag::services
