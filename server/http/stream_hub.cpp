#include "http/stream_hub.h"

#include <charconv>
#include <vector>

#include "base/encoding.h"
#include "base/log.h"
#include "http/message.h"

namespace redflag::http {
namespace {

constexpr std::size_t kEventsAtOnce = 100;
constexpr const char* kHeartbeat = ":\n\n";
constexpr unsigned kReconnectFromMs = 500;
constexpr unsigned kReconnectSpreadMs = 4000;

// Spread out, so that not everybody comes back in the same moment.
std::string reconnectMs() {
  const std::string random = randomBytes(2);
  const unsigned number =
      static_cast<unsigned char>(random[0]) * 256U + static_cast<unsigned char>(random[1]);
  return std::to_string(kReconnectFromMs + number % kReconnectSpreadMs);
}

std::int64_t lastEventId(const Dispatcher::Admission& admission, EventSource& events) {
  const std::string text = admission.head.header("last-event-id");
  if (text.empty()) return events.newestEvent();
  std::int64_t seq = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (error != std::errc{} || end != text.data() + text.size() || seq < 0) {
    throw Problem{400, "request.last_event_id", "expected the id of an event", "last-event-id"};
  }
  return seq;
}

}  // namespace

class DoorbellFeed : public Feed {
 public:
  DoorbellFeed(StreamHub& hub, Principal principal, std::uint64_t id)
      : hub_(hub), principal_(std::move(principal)), doorbell_(hub.hang(principal_.agent_id, id)) {}
  ~DoorbellFeed() override { hub_.takeDown(principal_.agent_id, doorbell_); }

  bool pull(Moment moment, std::string& out) override {
    if (doorbell_->replaced) return false;
    if (moment == Moment::kStopping) {  // no secret, and the store has no time for all of them at once
      out += "event: retry\ndata: {\"after_ms\":" + reconnectMs() + "}\n\n";
      return false;
    }
    if (!hub_.authenticator_.stillAdmitted(principal_)) return false;
    if (doorbell_->rung.exchange(false)) out += "event: ring\ndata: {}\n\n";
    if (moment == Moment::kHeartbeat && out.empty()) out += kHeartbeat;
    return true;
  }

 private:
  StreamHub& hub_;
  const Principal principal_;
  const std::shared_ptr<StreamHub::Doorbell> doorbell_;
};

class EventFeed : public Feed {
 public:
  EventFeed(StreamHub& hub, Principal principal, std::int64_t seq, std::uint64_t id)
      : hub_(hub), principal_(std::move(principal)), seq_(seq), id_(id) {}
  ~EventFeed() override { hub_.removeBrowser(id_); }

  bool pull(Moment moment, std::string& out) override {
    if (!hub_.authenticator_.stillAdmitted(principal_)) return false;
    if (moment == Moment::kStopping) {
      out += "retry: " + reconnectMs() + "\n\n";
      return false;
    }
    if (moment == Moment::kOpened) out += "id: " + std::to_string(seq_) + "\n" + kHeartbeat;
    const EventBatch batch = hub_.events_.eventsAfter(seq_, kEventsAtOnce, principal_);
    for (const Event& event : batch.events)
      out += "id: " + std::to_string(event.seq) + "\nevent: " + event.type + "\ndata: " + event.data + "\n\n";
    seq_ = batch.read_to;
    if (moment == Moment::kHeartbeat && out.empty()) out += kHeartbeat;
    return true;
  }

 private:
  StreamHub& hub_;
  const Principal principal_;
  std::int64_t seq_;
  const std::uint64_t id_;
};

StreamHub::StreamHub(Authenticator& authenticator, EventSource& events, DoorbellListener& listener)
    : authenticator_(authenticator), events_(events), listener_(listener) {}

void StreamHub::setCall(Call call) {
  const std::lock_guard lock(call_mutex_);
  call_ = std::move(call);
}

void StreamHub::call(std::uint64_t id) {
  const std::lock_guard lock(call_mutex_);
  if (call_) call_(id);
}

std::unique_ptr<Feed> StreamHub::open(const Dispatcher::Admission& admission, std::uint64_t id) {
  const Principal& principal = admission.request.principal;
  if (admission.route->stream == Stream::kDoorbell)
    return std::make_unique<DoorbellFeed>(*this, principal, id);
  const std::int64_t seq = lastEventId(admission, events_);
  auto feed = std::make_unique<EventFeed>(*this, principal, seq, id);
  const std::lock_guard lock(mutex_);
  browsers_.insert(id);
  return feed;
}

void StreamHub::ring(const std::string& agent_id) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = doorbells_.find(agent_id);
    if (found == doorbells_.end()) return;
    found->second->rung = true;
    id = found->second->id;
  }
  call(id);
}

void StreamHub::outboxGrew() {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    ids.assign(browsers_.begin(), browsers_.end());
  }
  for (const std::uint64_t id : ids)
    call(id);
}

bool StreamHub::connected(const std::string& agent_id) const {
  const std::lock_guard lock(mutex_);
  return doorbells_.contains(agent_id);
}

std::vector<std::string> StreamHub::connectedAgents() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> agents;
  agents.reserve(doorbells_.size());
  for (const auto& [agent_id, doorbell] : doorbells_)
    agents.push_back(agent_id);
  return agents;
}

std::size_t StreamHub::doorbells() const {
  const std::lock_guard lock(mutex_);
  return doorbells_.size();
}

std::size_t StreamHub::browsers() const {
  const std::lock_guard lock(mutex_);
  return browsers_.size();
}

std::shared_ptr<StreamHub::Doorbell> StreamHub::hang(const std::string& agent_id, std::uint64_t id) {
  auto doorbell = std::make_shared<Doorbell>();
  doorbell->id = id;
  std::shared_ptr<Doorbell> older;
  const std::lock_guard presence(presence_.of(agent_id));
  {
    const std::lock_guard lock(mutex_);
    older = std::exchange(doorbells_[agent_id], doorbell);
  }
  if (older) {
    older->replaced = true;
    call(older->id);
    return doorbell;
  }
  try {
    listener_.agentConnected(agent_id);
  } catch (...) {
    // Nobody follows it: the next one is to be noted, and takes no place of an older one.
    {
      const std::lock_guard lock(mutex_);
      doorbells_.erase(agent_id);
    }
    listener_.agentRefused(agent_id);
    throw;
  }
  return doorbell;
}

void StreamHub::takeDown(const std::string& agent_id, const std::shared_ptr<Doorbell>& doorbell) {
  const std::lock_guard presence(presence_.of(agent_id));
  {
    const std::lock_guard lock(mutex_);
    const auto found = doorbells_.find(agent_id);
    if (found == doorbells_.end() || found->second != doorbell) return;
    doorbells_.erase(found);
  }
  try {
    listener_.agentDisconnected(agent_id);
  } catch (const Problem& problem) {
    spdlog::error("agent_id={} its absence could not be noted: {}", agent_id, problem.detail);
  } catch (const std::exception& error) {
    spdlog::error("agent_id={} its absence could not be noted: {}", agent_id, error.what());
  }
}

void StreamHub::removeBrowser(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  browsers_.erase(id);
}

}  // namespace redflag::http
