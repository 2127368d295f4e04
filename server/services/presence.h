#pragma once
// Who is there: doorbells that open and close, requests that come in.

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "http/events.h"
#include "http/stripes.h"
#include "services/context.h"

namespace redflag::services {

class Presence : public http::DoorbellListener {
 public:
  explicit Presence(const Context& context) : context_(context) {}

  // At start, before anything is served: nobody is connected yet.
  void forgetAll();

  // What the store could not take of the latter is noted by the next announceSilent(): nobody else would say
  // it again, and the agent would count as connected for ever.
  void agentConnected(const std::string& agent_id) override;
  void agentDisconnected(const std::string& agent_id) override;

  // A request of the agent's: written down at most every 30 s. [any thread]
  void seen(const std::string& agent_id);

  // Tells of the agents that have become silent since it was called last; before that, notes those again that
  // are here and that another server on the database took for gone.
  void announceSilent();

 private:
  void setDoorbell(const std::string& agent_id, bool connected);
  void noteUnnoted();
  void noteAgain();
  void setLeft(const std::string& agent_id, bool left);

  const Context& context_;
  // One change of an agent at a time, so that none overtakes another; before mutex_.
  http::Stripes doorbells_;
  std::mutex mutex_;
  std::set<std::string> left_;                      // and it is not in the store yet
  std::map<std::string, std::int64_t> written_at_;  // at most one entry an agent
  std::int64_t announced_to_ = 0;
  std::int64_t noted_again_at_ = 0;
};

}  // namespace redflag::services
