#include "swarm/agent.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kUpNs = kSecondNs;
constexpr std::int64_t kLongestBackoffNs = 15 * kSecondNs;
constexpr std::int64_t kLongestPutOffNs = 60 * kSecondNs;

}  // namespace

std::int64_t backoffNs(int failures, Random& random, bool put_off) {
  const std::int64_t longest = put_off ? kLongestPutOffNs : kLongestBackoffNs;
  const std::int64_t bound = std::min(kSecondNs << std::min(failures, 10), longest);
  return random.between(bound / 10, bound);
}

SimulatedAgent::SimulatedAgent(const World& world, std::uint64_t seed)
    : world_(world),
      random_(mix(seed, 1)),
      ailments_(drawAilments(world.plan.faults, random_)),
      machine_(seed, world.plan.size),
      clone_(false),
      key_(protocol::SigningKey::generate()) {}

SimulatedAgent::SimulatedAgent(const World& world, std::uint64_t seed, const SimulatedAgent& original)
    : world_(world),
      random_(mix(seed, 2)),
      machine_(seed, world.plan.size),
      clone_(true),
      key_(original.key_),
      agent_id_(original.agent_id_),
      client_id_(original.client_id_),
      number_(original.number_),
      refresh_token_(original.refresh_token_),
      pending_(original.pending_) {}

SimulatedAgent::~SimulatedAgent() {
  leave();
}

std::int64_t SimulatedAgent::localNow() const {
  return epochNow() + ailments_.skew_ns;
}

void SimulatedAgent::startAt(std::int64_t monotonic_ns) {
  life_timer_ = world_.reactor.at(monotonic_ns, [this] { life_timer_ = {}, boot(); });
}

// What was written down is taken up again, as an agent's start does.
void SimulatedAgent::boot() {
  alive_ = true;
  boot_id_ = newId();
  for (auto& [command_id, order] : journal_) {
    tellAccepted(command_id, order);
    if (order.state.empty()) {
      begin(command_id);
    } else if (!order.told) {
      tellOutcome(command_id, order);
    }
  }
  put({newId(), SpoolItem::Kind::kStatus, localNow(), 0, "", "", "", "", ""});
  if (ailments_.flapping && !calm())
    flap_timer_ = world_.reactor.in(kUpNs, [this] { flap_timer_ = {}, flap(); });
  if (enrolled()) {
    openDoorbell();
    schedule();
  }
  pump();
}

bool SimulatedAgent::mayDie() {
  if (calm() || !random_.chance(world_.plan.faults.kill_agent)) return false;
  die();
  return true;
}

void SimulatedAgent::die() {
  ++world_.progress.deaths;
  leave();
  left_ = false;
  life_timer_ =
      world_.reactor.in(random_.between(50, 1'000) * kMillisecondNs, [this] { life_timer_ = {}, boot(); });
}

void SimulatedAgent::leave() {
  left_ = true;
  alive_ = false;
  offline_ = false;
  if (doorbell_open_) --world_.progress.doorbells;
  doorbell_open_ = false;
  fetched();
  fetch_again_ = false;
  uplink_.reset();
  doorbell_.reset();
  asking_.reset();
  authorization_.clear();
  offset_s_ = 0;
  may_try_ns_ = asked_ns_ = 0;
  failures_ = doorbell_failures_ = 0;
  for (auto* timer :
       {&try_timer_, &doorbell_timer_, &scan_timer_, &check_in_timer_, &life_timer_, &flap_timer_})
    world_.reactor.cancel(*timer);
  for (auto& [command_id, timer] : running_)
    world_.reactor.cancel(timer);
  running_.clear();
}

void SimulatedAgent::flap() {
  offline_ = !offline_ && !calm();
  if (offline_) {
    if (uplink_ && asking_) uplinkClosed("flapping");
    uplink_.reset();
    if (doorbell_) doorbellClosed("flapping");
  }
  if (!calm()) flap_timer_ = world_.reactor.in(kUpNs, [this] { flap_timer_ = {}, flap(); });
  if (!offline_) {
    openDoorbell();
    pump();
  }
}

void SimulatedAgent::cut() {
  if (uplink_) uplinkClosed("cut");
  if (doorbell_) doorbellClosed("cut");
}

void SimulatedAgent::calmDown() {
  if (copy_) copy_->calmDown();
  world_.reactor.cancel(scan_timer_);
  world_.reactor.cancel(check_in_timer_);
  if (flap_timer_ != Reactor::TimerId{}) {
    world_.reactor.cancel(flap_timer_);
    flap();
  }
  may_try_ns_ = asked_ns_;
  if (alive_) pump();
}

void SimulatedAgent::schedule() {
  if (calm()) return;
  const auto& plan = world_.plan;
  if (plan.every_ns > 0 && scan_timer_ == Reactor::TimerId{}) {
    const auto wait = static_cast<std::int64_t>(random_.waiting(static_cast<double>(plan.every_ns)));
    scan_timer_ = world_.reactor.in(wait, [this] {
      scan_timer_ = {};
      scanNow();
      schedule();
      pump();
    });
  }
  if (plan.check_in_ns > 0 && check_in_timer_ == Reactor::TimerId{}) {
    check_in_timer_ = world_.reactor.in(plan.check_in_ns, [this] {
      check_in_timer_ = {};
      wantFetch();
      schedule();
    });
  }
}

// Most scans find what the last one found.
void SimulatedAgent::scanNow() {
  constexpr double kChanges = 0.3;
  if (random_.chance(kChanges)) ++revision_;
  SpoolItem item{newId(), SpoolItem::Kind::kUpdates, localNow(), revision_, "updates", "schedule", "", "",
                 ""};
  put(std::move(item));
}

void SimulatedAgent::packagesNow() {
  put({newId(), SpoolItem::Kind::kSystem, localNow(), 0, "inventory", "schedule", "", "", ""});
  scanNow();
  if (random_.chance(world_.plan.inventories))
    put({newId(), SpoolItem::Kind::kPackages, localNow(), revision_, "inventory", "schedule", "", "", ""});
}

bool SimulatedAgent::put(SpoolItem item) {
  if (!spool_.put(std::move(item))) return false;
  ++world_.progress.spooled;
  return true;
}

}  // namespace redflag::swarm
