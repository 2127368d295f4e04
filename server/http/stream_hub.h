#pragma once
// All open event streams by what they wait for: agents' doorbells by agent, browsers' feeds together.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "http/authenticator.h"
#include "http/events.h"
#include "http/feed.h"
#include "http/streams.h"
#include "http/stripes.h"

namespace redflag::http {

class StreamHub : public Streams, public FeedOpener {
 public:
  using Call = std::function<void(std::uint64_t id)>;  // ConnectionLot::call

  // All three outlive the hub.
  StreamHub(Authenticator& authenticator, EventSource& events, DoorbellListener& listener);
  // How to reach a stream's connection; empty when there is none to reach any more. [any thread]
  void setCall(Call call);

  // Any thread; none waits for a peer.
  void ring(const std::string& agent_id) override;
  void outboxGrew() override;
  bool connected(const std::string& agent_id) const override;
  std::vector<std::string> connectedAgents() const override;

  std::unique_ptr<Feed> open(const Dispatcher::Admission& admission, std::uint64_t id) override;

  std::size_t doorbells() const;
  std::size_t browsers() const;

 private:
  friend class DoorbellFeed;
  friend class EventFeed;

  // What ring() leaves for the doorbell's connection to find.
  struct Doorbell {
    std::uint64_t id = 0;
    std::atomic<bool> rung{false};
    std::atomic<bool> replaced{false};
  };

  std::shared_ptr<Doorbell> hang(const std::string& agent_id, std::uint64_t id);
  void takeDown(const std::string& agent_id, const std::shared_ptr<Doorbell>& doorbell);
  void removeBrowser(std::uint64_t id);
  void call(std::uint64_t id);

  Authenticator& authenticator_;
  EventSource& events_;
  DoorbellListener& listener_;
  std::mutex call_mutex_;
  Call call_;
  // An agent's is held over its change and the listener's call, so that these come in order; before mutex_.
  Stripes presence_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Doorbell>> doorbells_;
  std::set<std::uint64_t> browsers_;
};

}  // namespace redflag::http
