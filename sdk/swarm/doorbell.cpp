// How a simulated agent hears: one stream that stays open, and how it comes back when that ends.
#include "base/json.h"
#include "base/time.h"
#include "swarm/agent.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kOpenNs = 30 * kSecondNs;
constexpr std::int64_t kGoodLifeNs = 10 * kSecondNs;
constexpr std::int64_t kLongestReturnNs = 5 * kSecondNs;  // spread, because all of them were told the same

}  // namespace

void SimulatedAgent::openDoorbell() {
  if (!alive_ || offline_ || !enrolled() || doorbell_ != nullptr || doorbell_timer_ != Reactor::TimerId{})
    return;
  if (authorization_.empty()) return pump();  // opened once there is a token
  doorbell_after_ns_ = -1;
  event_.clear();
  doorbell_ = std::make_unique<Connection>(world_.reactor, world_.target, doorbell_user_);
  doorbell_->send(signedRequest("GET", "/agent/v1/doorbell", "", nullptr), true, kOpenNs);
}

void SimulatedAgent::doorbellAnswered(Reply& reply) {
  world_.statistics.moved(reply.sent, reply.received);
  if (const std::int64_t date_s = reply.dateS(); date_s != 0) offset_s_ = date_s - localNow() / kSecondNs;
  if (reply.status != 200) {
    world_.statistics.refused(reply);
    doorbell_.reset();
    if (reply.code().starts_with("token.")) authorization_.clear();
    const std::int64_t wait = backoffNs(++doorbell_failures_, random_, reply.putsOff());
    return comeBackIn(std::max(wait, reply.retryAfterS() * kSecondNs));
  }
  world_.statistics.took("doorbell", reply.took_ns);
  ++world_.progress.doorbells;
  doorbell_open_ = true;
  doorbell_opened_ns_ = monotonicNow();
  may_try_ns_ = asked_ns_;  // the server is there
  wantFetch();
}

void SimulatedAgent::heard(const std::vector<std::string>& lines) {
  bool rung = false;
  for (const std::string& line : lines) {
    world_.statistics.moved(0, line.size() + 1);
    if (line.starts_with("event: ")) event_ = line.substr(7);
    if (event_ == "retry" && line.starts_with("data: ")) {
      const auto data = parseJson(line.substr(6), {.bytes = 256, .depth = 2, .values = 8});
      if (data && data->is_object()) doorbell_after_ns_ = data->value("after_ms", 0) * kMillisecondNs;
    }
    if (!line.empty()) continue;
    rung = rung || event_ == "ring";
    event_.clear();
  }
  if (!rung) return;
  if (const auto asked = clone_ ? std::nullopt : world_.ledger.rung(agent_id_))
    world_.statistics.took("order_to_ring", monotonicNow() - *asked);
  may_try_ns_ = asked_ns_;
  wantFetch();
}

void SimulatedAgent::doorbellClosed(const std::string& why) {
  doorbell_.reset();
  const bool was_open = std::exchange(doorbell_open_, false);
  if (was_open) --world_.progress.doorbells;
  if (!was_open) world_.statistics.failed("doorbell." + why);
  const std::int64_t spread = random_.between(0, kLongestReturnNs);
  const bool good = was_open && monotonicNow() - doorbell_opened_ns_ >= kGoodLifeNs;
  if (doorbell_after_ns_ >= 0 || good) {
    doorbell_failures_ = 0;
    return comeBackIn(std::max<std::int64_t>(doorbell_after_ns_, 0) + spread);
  }
  comeBackIn(backoffNs(++doorbell_failures_, random_));
}

void SimulatedAgent::comeBackIn(std::int64_t ns) {
  if (doorbell_timer_ != Reactor::TimerId{}) return;
  doorbell_timer_ = world_.reactor.in(ns, [this] { doorbell_timer_ = {}, openDoorbell(); });
}

}  // namespace redflag::swarm
