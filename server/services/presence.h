#pragma once
// Who is there: doorbells that open and close, requests that come in.

#include <map>
#include <mutex>
#include <string>

#include "http/events.h"
#include "services/context.h"

namespace redflag::services {

class Presence : public http::DoorbellListener {
 public:
  explicit Presence(const Context& context) : context_(context) {}

  // At start, before anything is served: nobody is connected yet.
  void forgetAll();

  void agentConnected(const std::string& agent_id) override;
  void agentDisconnected(const std::string& agent_id) override;

  // A request of the agent's: written down at most every 30 s. [any thread]
  void seen(const std::string& agent_id);

  // Tells of the agents that have become silent since it was called last.
  void announceSilent();

 private:
  void setDoorbell(const std::string& agent_id, bool connected);

  const Context& context_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> written_at_;  // at most one entry an agent
  std::int64_t announced_to_ = 0;
};

}  // namespace redflag::services
