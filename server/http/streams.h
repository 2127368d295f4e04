#pragma once
// Open event streams: agents' doorbells and browsers' feeds. They are parked: none holds a thread.

#include <cstdint>
#include <string>
#include <vector>

namespace redflag::http {

class Streams {
 public:
  virtual ~Streams() = default;
  // Tells the agent to fetch; nothing happens if its doorbell is not connected (it fetches when it connects).
  // [any thread]
  virtual void ring(const std::string& agent_id) = 0;
  // The outbox has grown: browsers' streams read on from their own position. [any thread]
  virtual void outboxGrew() = 0;
  virtual bool connected(const std::string& agent_id) const = 0;
  // Those whose doorbells are, in no order.
  virtual std::vector<std::string> connectedAgents() const = 0;
};

}  // namespace redflag::http
