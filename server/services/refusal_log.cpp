#include "services/refusal_log.h"

#include <chrono>
#include <exception>

#include "auth/budget.h"
#include "base/log.h"
#include "store/store.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxKinds = 256;
constexpr std::size_t kMaxUnwritten = 2'048;
constexpr std::int64_t kSummaryEveryNs = 60 * kSecondNs;
constexpr std::chrono::seconds kLookEvery{1};
constexpr const char* kManyOthers = "many";

// Part of everybody's day: a browser that asks whether it is still signed in, a client of the trust
// repository that asks for the root after the newest, and a request that was under way while this server
// started.
bool isRoutine(const http::Refusal& refusal) {
  return refusal.code == "signature.before_start" ||
         (refusal.code == "session.required" && refusal.route == "GET /api/v1/session") ||
         (refusal.status == 404 && refusal.route.starts_with("GET /trust/metadata/"));
}

std::string whoAsked(const http::Refusal& refusal) {
  if (!refusal.principal.agent_id.empty()) return refusal.principal.agent_id;
  if (!refusal.principal.username.empty()) return refusal.principal.username;
  return auth::networkOf(refusal.peer);
}

std::string routeText(const http::Refusal& refusal) {
  return refusal.route == "-" ? "" : refusal.route + ": ";
}

}  // namespace

void RefusalLog::start() {
  thread_ = std::thread([this] { loop(); });
}

void RefusalLog::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  if (!write(true)) spdlog::error("refusals that were counted last could not be written");
}

void RefusalLog::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kLookEvery, [this] { return stopping_ || !unwritten_.empty(); });
      if (stopping_) return;
    }
    if (write()) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLookEvery, [this] { return stopping_; });
  }
}

void RefusalLog::note(const http::Refusal& refusal) {
  if (isRoutine(refusal)) return;
  const std::int64_t now = context_.clock.monotonicNs();
  const std::lock_guard lock(mutex_);
  Kind kind{refusal.code, whoAsked(refusal), refusal.route};
  if (kinds_.size() >= kMaxKinds && !kinds_.contains(kind)) kind = {refusal.code, kManyOthers, "-"};
  const auto [found, is_new] = kinds_.try_emplace(kind, Counted{now, 0, refusal});
  if (!is_new) {
    ++found->second.again;
    return;
  }
  keep(entryOf(refusal, 1, ""));
  changed_.notify_all();
}

RefusalLog::Entry RefusalLog::entryOf(const http::Refusal& refusal, std::int64_t times,
                                      const std::string& more) const {
  Entry out{refusal.principal.client_id, refusal.principal.agent_id, {}};
  out.entry.at = context_.now();
  out.entry.subsystem = "security";
  const bool is_person = !refusal.principal.username.empty();
  out.entry.actor = is_person ? refusal.principal.username : out.agent_id.empty() ? "unknown" : "agent";
  out.entry.kind = "security.refused";
  const std::string claimed = refusal.subject.empty() ? "" : " as \"" + refusal.subject + "\"";
  out.entry.text = routeText(refusal) + (refusal.status == 0 ? "cut" : std::to_string(refusal.status)) + " " +
                   refusal.code + claimed + more;
  out.entry.code = refusal.code;
  out.entry.severity = "warning";
  out.entry.times = times;
  out.entry.peer = refusal.peer;
  out.entry.request_id = refusal.request_id;
  return out;
}

void RefusalLog::keep(Entry entry) {
  if (unwritten_.size() < kMaxUnwritten) {
    unwritten_.push_back(std::move(entry));
  } else {
    lost_ += entry.entry.times;
  }
}

void RefusalLog::due(bool everything) {
  const std::int64_t now = context_.clock.monotonicNs();
  for (auto at = kinds_.begin(); at != kinds_.end();) {
    Counted& counted = at->second;
    if (!everything && now - counted.since_ns < kSummaryEveryNs) {
      ++at;
      continue;
    }
    if (counted.again == 0) {
      at = kinds_.erase(at);
      continue;
    }
    if (std::get<1>(at->first) == kManyOthers) counted.example.peer = kManyOthers;
    keep(entryOf(counted.example, counted.again, ", " + std::to_string(counted.again) + " times more"));
    counted.again = 0;
    counted.since_ns = now;
    ++at;
  }
}

bool RefusalLog::write(bool everything) {
  std::vector<Entry> entries;
  std::int64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    due(everything);
    entries.swap(unwritten_);
    std::swap(lost, lost_);
  }
  if (entries.empty()) return true;
  if (lost > 0) {
    http::Refusal many;
    many.code = "refusals.not_kept";
    entries.push_back(entryOf(many, lost, ", while the store took nothing"));
  }
  try {
    context_.store.write([&](store::WriteTransaction& tx) {
      for (const auto& one : entries)
        tx.events().record(one.client_id, one.agent_id, one.entry);
    });
    return true;
  } catch (const http::Problem& problem) {
    spdlog::warn("refusals are not written yet: {}", problem.detail);
  } catch (const std::exception& error) {
    spdlog::error("refusals are not written yet: {}", error.what());
  }
  const std::lock_guard lock(mutex_);
  lost_ += lost;
  if (lost > 0) entries.pop_back();
  entries.insert(entries.end(), unwritten_.begin(), unwritten_.end());
  unwritten_ = std::move(entries);
  return false;
}

}  // namespace redflag::services
