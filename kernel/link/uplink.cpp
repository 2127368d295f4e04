#include "link/uplink.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/log.h"
#include "base/request_id.h"
#include "link/trust_fetcher.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// Failures in a row after which the server may have moved.
constexpr int kLostAfter = 3;

// A server hands out so many at a time, in so many bytes.
bool mayBeCut(const std::vector<Json>& envelopes) {
  if (envelopes.size() >= protocol::kMaxFetchedCommands) return true;
  std::size_t bytes = 0;
  for (const Json& envelope : envelopes)
    bytes += envelope.value("body", std::string()).size();
  return bytes > protocol::kMaxFetchBytes / 4;
}

// The server takes nothing of an agent that nobody has accepted. It says how it stands when asked for orders,
// and rings when that has changed.
constexpr const char* kHeld = "agent.held";
constexpr std::int64_t kHeldAtLeastS = 30;
constexpr std::int64_t kHeldAtMostS = 3600;

}  // namespace

Uplink::Uplink(Parts parts)
    : parts_(parts),
      connection_(parts.endpoint),
      uploader_(parts.spool),
      backoff_(parts.settings.backoff),
      fetch_again_ns_(monotonicNow() + parts.settings.refetch_ns) {}

void Uplink::start() {
  thread_ = std::thread([this] { run(); });
}

void Uplink::halt() {
  parts_.wake.stop();
  parts_.places.interrupt();
  connection_.interrupt();
}

void Uplink::stop() {
  halt();
  if (thread_.joinable()) thread_.join();
}

void Uplink::fetchSoon() {
  fetch_wanted_ = true;
  try_now_ = true;
  parts_.wake.ring();
}

bool Uplink::maySend() const {
  return parts_.spool.count() > 0 && monotonicNow() >= held_until_ns_;
}

bool Uplink::workDue() const {
  return maySend() || (fetch_wanted_ && !parts_.spool.full());
}

void Uplink::run() {
  std::int64_t next_tick = 0;
  while (!parts_.wake.stopped()) {
    if (monotonicNow() >= next_tick) {
      tick();
      next_tick = monotonicNow() + parts_.settings.tick_ns;
    }
    reportStatus();
    fetchRest();
    if (try_now_.exchange(false)) backoff_.tryNow();
    const bool due = workDue();
    if (due && backoff_.mayTry(monotonicNow())) {
      attempt();
    } else {
      parts_.wake.waitUntil(due ? std::min(next_tick, backoff_.nextNs()) : next_tick);
    }
  }
}

void Uplink::tick() {
  if (parts_.queue != nullptr) parts_.queue->report();
  if ((fetch_later_ && !parts_.desk.executorFull()) || monotonicNow() >= fetch_again_ns_)
    fetch_wanted_ = true;
  tellDistrust();
}

void Uplink::reportStatus() {
  const std::string at = toRfc3339(epochNow());  // before: what changes meanwhile is newer than this
  Json status = parts_.scanner.status();
  for (const auto& der : parts_.endpoint.identity.authorities)
    status["authorities"].push_back(protocol::authorityMark(der));
  if (const std::string binding = parts_.contact.binding(); !binding.empty()) status["binding"] = binding;
  if (!settings_wanted_) status.erase("settings");
  const std::string text = dumpJson(status);
  if (text == told_status_) return;
  const std::string id = newId();
  status["kind"] = "agent_status";
  status["id"] = id;
  status["at"] = at;
  if (auto ok = parts_.spool.put({id, "agent_status", "", true, Keep::kNewestScan, dumpJson(status)}); !ok) {
    return spdlog::error("spool: spool.not_kept: the agent's status could not be kept: {}", ok.error().text);
  }
  told_status_ = text;
}

void Uplink::noteRejections(const std::vector<Uploader::Rejection>& rejections) {
  parts_.contact.rejected(rejections);
  for (const auto& rejection : rejections) {
    if (rejection.kind != "agent_status" || rejection.code != "item.invalid" || !settings_wanted_) continue;
    settings_wanted_ = false;
    told_status_.clear();
  }
}

// What an answer has no room for is rung for no second time. Until the server has heard what was accepted, it
// would hand out the same again.
void Uplink::fetchRest() {
  if (!fetch_rest_ || parts_.spool.count() > 0) return;
  fetch_rest_ = false;
  fetch_wanted_ = true;
}

void Uplink::attempt() {
  // What comes together goes together: the lines of a log, the scans of one round.
  if (!fetch_wanted_) parts_.wake.pause(parts_.settings.gather_ns);
  const std::string url = connection_.url();
  const RequestScope logged;
  const auto answer = talk();
  if (answer) {
    backoff_.succeeded();
    return parts_.contact.succeeded(url);
  }
  const Failure& failure = answer.error();
  backOff(backoff_, failure, monotonicNow());
  parts_.contact.failed(url, failure, backoff_.failures(), backoff_.open(), backoff_.nextNs());
  if (failure.kind != Failure::Kind::kUnreachable) return;
  connection_.rotate();
  if (backoff_.failures() < kLostAfter) return;
  if (const auto list = parts_.trust.commands()) parts_.places.widen(*list);
}

Answer<bool> Uplink::talk() {
  if (fetch_wanted_ && !parts_.spool.full()) {
    if (auto fetched = fetch(); !fetched) return fetched;
  }
  if (!maySend()) return true;
  const auto sent = uploader_.step(connection_.api());
  noteRejections(uploader_.takeRejections());
  if (sent) return true;
  if (sent.error().code != kHeld) return tl::unexpected<Failure>(sent.error());
  const std::int64_t wait_s = std::clamp(sent.error().retry_after_s, kHeldAtLeastS, kHeldAtMostS);
  held_until_ns_ = monotonicNow() + wait_s * kSecondNs;
  fetch_wanted_ = true;  // for the reason
  return true;
}

// Before every fetch, so that whoever asks for orders knows which keys have ended. What is not to be believed
// is reported, and the gate then refuses what comes; scans and uploads go on.
Answer<bool> Uplink::refreshTrust() {
  TrustFetcher metadata(connection_.api().client(), kTrustMetadata);
  TrustFetcher content(connection_.api().client(), kTrustTargets);
  const auto refreshed = parts_.trust.refresh(metadata, content);
  if (refreshed) {
    distrust_.clear();
    told_distrust_.clear();
    parts_.contact.distrusted("");
    return true;
  }
  const Error& error = refreshed.error();
  if (error.code == Code::kCancelled)
    return tl::unexpected<Failure>(Failure{Failure::Kind::kStopping, 0, {}, error.text, 0});
  if (error.code == Code::kUnavailable) {
    for (const auto* fetcher : {&metadata, &content})
      if (fetcher->putOff()) return tl::unexpected<Failure>(*fetcher->putOff());
    return tl::unexpected<Failure>(Failure{Failure::Kind::kUnreachable, 0, {}, error.text, 0});
  }
  distrust_ = "the server's trust repository is refused: " + error.text;
  parts_.contact.distrusted(distrust_);
  tellDistrust();
  return handTrustBack();
}

// What was told a moment ago, and ended since, is told again when it may be: orders are held back for as long
// as it lasts, and by itself this agent asks only once in a long time.
void Uplink::tellDistrust() {
  if (distrust_ != told_distrust_ && parts_.reports.distrust(distrust_)) told_distrust_ = distrust_;
}

// Perhaps the server was set back and does not know it: what is verified here is its own, and newer. An older
// server has no such route, and one that is in other hands may do with it what it likes: it is all public.
Answer<bool> Uplink::handTrustBack() {
  const auto newer = connection_.api().handTrust(parts_.trust.files());
  if (newer && *newer)
    spdlog::warn("the server was told that its trust documents are older than this agent's");
  if (!newer && newer.error().kind == Failure::Kind::kStopping) return newer;
  return true;
}

Answer<bool> Uplink::fetch() {
  // Before asking: a ring that comes meanwhile asks again.
  fetch_wanted_ = false;
  fetch_again_ns_ = monotonicNow() + parts_.settings.refetch_ns;
  if (auto ok = refreshTrust(); !ok) {
    fetch_wanted_ = true;
    return ok;
  }
  const auto orders = connection_.api().fetch();
  if (!orders) {
    fetch_wanted_ = true;
    return tl::unexpected<Failure>(orders.error());
  }
  parts_.contact.held(orders->held_state, orders->held_reason);
  if (orders->held_state.empty()) held_until_ns_ = 0;
  fetch_later_ = false;
  for (const Json& transport : orders->envelopes) {
    if (!parts_.desk.take(transport)) fetch_later_ = true;
  }
  fetch_rest_ = !fetch_later_ && parts_.spool.count() > 0 && mayBeCut(orders->envelopes);
  if (parts_.queue != nullptr) parts_.contact.orders(fetch_later_ ? "waiting" : "ok");
  // Last: an address that does not answer must not hold orders up.
  if (const auto list = parts_.trust.commands()) parts_.places.follow(*list);
  return true;
}

}  // namespace redflag::kernel
