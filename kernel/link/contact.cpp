#include "link/contact.h"

#include <algorithm>

#include "base/log.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kSayingSpanNs = 1800 * kSecondNs;
constexpr int kMostSaid = 12;  // in that time

}  // namespace

bool Contact::maySay(const std::string& url) {
  const std::int64_t now = clock_.monotonicNs();
  if (said_ == 0 || now - said_since_ns_ >= kSayingSpanNs) {
    said_since_ns_ = now;
    said_ = 0;
  }
  ++said_;
  if (said_ == kMostSaid + 1)
    spdlog::warn("contact with {} comes and goes: no more is said about it for half an hour", url);
  return said_ <= kMostSaid;
}

void Contact::succeeded(const std::string& url) {
  const std::lock_guard lock(mutex_);
  if (state_ != "connected" && maySay(url)) spdlog::info("in contact with {}", url);
  state_ = "connected";
  server_ = url;
  last_contact_ns_ = clock_.epochNs();
  failures_ = 0;
  open_ = false;
  next_ns_ = 0;
  logged_error_.clear();
}

void Contact::failed(const std::string& url, const Failure& failure, int failures, bool open,
                     std::int64_t next_ns) {
  const std::lock_guard lock(mutex_);
  if (failure.kind == Failure::Kind::kStopping) return;
  if (failure.text != logged_error_ && failures <= 1) {
    if (maySay(url)) spdlog::warn("no contact with {}: {}", url, failure.text);
    logged_error_ = failure.text;
  }
  if (open && !open_ && maySay(url))
    spdlog::warn("{} failures in a row: from now on {} is only probed: {}", failures, url, failure.text);
  state_ = failure.code == "agent.revoked"          ? "revoked"
           : failure.kind == Failure::Kind::kDenied ? "refused"
                                                    : "backing_off";
  server_ = url;
  last_error_ = failure.text;
  last_request_id_ = failure.request_id;
  failures_ = failures;
  open_ = open;
  next_ns_ = next_ns;
}

void Contact::notEnrolled(const std::string& why) {
  const std::lock_guard lock(mutex_);
  state_ = "not_enrolled";
  if (why != last_error_ && !why.empty()) spdlog::warn("not enrolled: {}", why);
  last_error_ = why;
  last_request_id_.clear();
}

void Contact::notBound(const std::string& why) {
  const std::lock_guard lock(mutex_);
  state_ = "not_bound";
  if (why != last_error_) spdlog::error("identity: key.not_bound: {}", why);
  last_error_ = why;
  last_request_id_.clear();
}

void Contact::enrolled(const std::string& agent_id, const Binding& binding) {
  const std::lock_guard lock(mutex_);
  binding_ = {{"text", binding.text()}, {"weak", binding.weak()}};
  agent_id_ = agent_id;
  state_ = "starting";
  last_error_.clear();
  last_request_id_.clear();
}

void Contact::doorbell(bool open) {
  const std::lock_guard lock(mutex_);
  doorbell_open_ = open;
}

void Contact::orders(const char* state) {
  const std::lock_guard lock(mutex_);
  orders_ = state;
}

void Contact::held(const std::string& state, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (state != held_state_) {
    if (state.empty()) {
      spdlog::info("the server gives orders to this agent");
    } else {
      spdlog::warn("the server gives no orders to this agent: {}: {}", state, reason);
    }
  }
  held_state_ = state;
  held_reason_ = reason;
}

void Contact::distrusted(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (why != distrust_) {
    if (why.empty()) {
      spdlog::info("the server's trust repository is believed again");
    } else {
      spdlog::error("trust: trust.refused: {}", why);
    }
  }
  distrust_ = why;
}

void Contact::rejected(const std::vector<Uploader::Rejection>& rejections) {
  const std::lock_guard lock(mutex_);
  rejected_ += rejections.size();
  if (rejections.empty()) return;
  const auto& last = rejections.back();
  last_rejection_ = {{"kind", last.kind}, {"id", last.id}, {"code", last.code}, {"text", last.text}};
}

void Contact::stopped() {
  const std::lock_guard lock(mutex_);
  state_ = "stopped";
  doorbell_open_ = false;
}

std::string Contact::binding() const {
  const std::lock_guard lock(mutex_);
  if (!binding_.is_object()) return {};
  return binding_.value("weak", true) ? "weak" : "machine";
}

Json Contact::status() const {
  const std::lock_guard lock(mutex_);
  const std::int64_t wait_ns = next_ns_ == 0 ? 0 : std::max<std::int64_t>(next_ns_ - monotonicNow(), 0);
  return {{"state", state_},
          {"agent_id", agent_id_},
          {"server", server_},
          {"doorbell", doorbell_open_ ? "open" : "closed"},
          {"last_contact", last_contact_ns_ == 0 ? Json() : Json(toRfc3339(last_contact_ns_))},
          {"last_error", last_error_},
          {"last_error_request_id", last_request_id_},
          {"failures", failures_},
          {"breaker", open_ ? "open" : "closed"},
          {"next_attempt_s", wait_ns / kSecondNs},
          {"orders", orders_},
          {"held", held_state_.empty() ? Json() : Json{{"state", held_state_}, {"reason", held_reason_}}},
          {"distrust", distrust_},
          {"binding", binding_},
          {"rejected", rejected_},
          {"last_rejection", last_rejection_}};
}

}  // namespace redflag::kernel
