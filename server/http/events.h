#pragma once
// What event streams read from and report to. The front owns the routes GET /api/v1/events and GET
// /agent/v1/doorbell.

#include <cstdint>
#include <string>
#include <vector>

#include "http/message.h"

namespace redflag::http {

struct Event {
  std::int64_t seq = 0;  // grows; the browser hands it back as Last-Event-ID
  std::string type;      // agent | update | command | scan | breaker | log | refusal | people
  std::string data;      // one line of JSON
};

struct EventBatch {
  std::vector<Event> events;  // in order
  std::int64_t read_to = 0;   // up to here there are no others that the principal may see
};

class EventSource {
 public:
  virtual ~EventSource() = default;
  // The first `limit` events after `seq` that the principal may see. [any worker thread]
  virtual EventBatch eventsAfter(std::int64_t seq, std::size_t limit, const Principal& principal) = 0;
  // Where a stream without Last-Event-ID begins.
  virtual std::int64_t newestEvent() = 0;
};

class DoorbellListener {
 public:
  virtual ~DoorbellListener() = default;
  // Each agent's calls alternate, beginning with connected; a newer doorbell that replaces an older one is no
  // call. A connected that throws is followed by refused, once the doorbell counts as gone; this one must not
  // throw. [any worker thread]
  virtual void agentConnected(const std::string& agent_id) = 0;
  virtual void agentRefused(const std::string& agent_id) = 0;
  virtual void agentDisconnected(const std::string& agent_id) = 0;
};

}  // namespace redflag::http
