#include "services/upkeep.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/audit.h"
#include "store/commands.h"
#include "store/decisions.h"
#include "store/errors.h"
#include "store/events.h"
#include "store/metrics.h"
#include "store/people.h"
#include "store/scans.h"
#include "store/schedules.h"
#include "store/windows.h"

namespace redflag::services {
namespace {

constexpr std::chrono::seconds kRound{5};
constexpr std::size_t kRungAtOnce = 100;  // a thousand agents a second
constexpr std::chrono::milliseconds kBetweenRings{100};
constexpr std::int64_t kGiveBackEveryNs = 60 * kSecondNs;
constexpr std::int64_t kPruneEveryNs = 600 * kSecondNs;
constexpr std::int64_t kPruneFirstNs = 120 * kSecondNs;         // after a start: who comes back goes first
constexpr int kPruneRows = 2'000;                               // of a table at a time: a short transaction
constexpr int kPruneWholes = 10;                                // the same of items in parts, which are large
constexpr std::int64_t kKeepItemsNs = 90 * 86'400 * kSecondNs;  // at least: a machine may be off that long
constexpr std::int64_t kKeepPartsNs = 7 * 86'400 * kSecondNs;   // whoever comes later begins anew
constexpr std::int64_t kKeepAnswersNs = 86'400 * kSecondNs;
constexpr std::int64_t kKeepAnswersBytes = 256LL << 20;  // of all accounts

constexpr std::int64_t kKeepPointsNs = 14 * 86'400 * kSecondNs;  // of metrics, in the grain of ten minutes
constexpr std::int64_t kKeepDaysNs = 400 * 86'400 * kSecondNs;   // of metrics, a day's extremes

}  // namespace

void Upkeep::start() {
  presence_.begin(!context_.store.mayHaveOthers());
  pruned_at_ = context_.now() - kPruneEveryNs + kPruneFirstNs;
  thread_ = std::thread([this] { loop(); });
}

void Upkeep::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Upkeep::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kRound, [this] { return stopping_ || woken_; });
      if (stopping_) return;
      woken_ = false;
    }
    // The border of this thread: what fails is tried again in the next round.
    try {
      round();
    } catch (const http::Problem& problem) {
      spdlog::warn("upkeep: {}: {}", problem.code, problem.detail);
    } catch (const std::exception& e) {
      spdlog::error("upkeep: {}", e.what());
    }
  }
}

void Upkeep::round() {
  const metrics::Operation operation("upkeep");
  // Orders first: one that has expired must not stand for one that is due.
  part("orders", [this] { orders_.sweep(); });
  part("schedules", [this] { schedules_.run(); });
  part("errors", [this] {
    if (context_.errors != nullptr) context_.errors->write(context_.store);
  });
  part("settlement", [this] { settlement_.run(); });
  part("ignores", [this] { ignores_.sweep(); });
  part("policies", [this] { policies_.sweep(); });
  part("windows", [this] { windows_.announce(); });
  part("preparations", [this] { preparations_.run(); });
  part("profiles", [this] { profiles_.sweep(); });
  part("presence", [this] { presence_.announceSilent(); });
  part("trust", [this] {
    if (context_.trust != nullptr) context_.trust->tend(context_.now());
    ringForTrust();
  });
  part("round", [this] {
    if (context_.each_round) context_.each_round();
  });
  part("audit", [this] {
    if (context_.audit != nullptr) context_.audit->tend(context_.now());
  });
  part("retention", [this] { prune(); });
  giveBack();
}

// One row that nobody can read must not keep all else from its turn for ever. A store that takes nothing now
// takes nothing of the other parts either: that ends the round.
void Upkeep::part(const char* name, const std::function<void()>& work) {
  try {
    work();
  } catch (const http::Problem& problem) {
    if (problem.status == 503 && problem.code.starts_with("store.")) throw;
    spdlog::warn("upkeep: {}: {}: {}", name, problem.code, problem.detail);
  } catch (const std::exception& e) {
    spdlog::error("upkeep: {}: {}", name, e.what());
  }
}

// Another list of command keys, epoch or root: whoever is connected is to know it in seconds. So is, once it
// can be read again, who asked for orders while nothing could and got none. Spread, because each of them
// comes at once. Whoever connects later asks by itself.
void Upkeep::ringForTrust() {
  const auto published = context_.trust == nullptr ? nullptr : context_.trust->published();
  if (published == nullptr) {
    trust_was_away_ = rung_for_ != nullptr;
    return;
  }
  const bool back = std::exchange(trust_was_away_, false);
  const auto before = std::exchange(rung_for_, published);
  if (before == nullptr || (!back && before->targets_version == published->targets_version &&
                            before->root_version == published->root_version))
    return;
  const auto agents = context_.bell.connectedAgents();
  spdlog::info("trust: ringing {} agents for what was published", agents.size());
  for (std::size_t i = 0; i < agents.size(); ++i) {
    if (i > 0 && i % kRungAtOnce == 0 && !pause(kBetweenRings)) return;
    context_.bell.ring(agents[i]);
  }
}

// False: it is to stop.
bool Upkeep::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return stopping_; });
}

// A thousand handshakes at once leave a heap full of holes between what stays: the pages in them are the
// system's.
void Upkeep::giveBack() {
  const std::int64_t now = monotonicNow();
  if (now - gave_back_ns_ < kGiveBackEveryNs) return;
  gave_back_ns_ = now;
  ::malloc_trim(0);
}

void Upkeep::prune() {
  const std::int64_t now = context_.now();
  if (pruned_at_ != 0 && now - pruned_at_ < kPruneEveryNs && now >= pruned_at_) return;
  pruned_at_ = now;
  orders_.giveUpLost();
  while (pruneSome(now) && !stopping())
    presence_.renew();  // much to forget takes minutes, in which others would take this server for gone
}

// One short transaction, so that others write between two of them. True: there may be more to forget.
bool Upkeep::pruneSome(std::int64_t now) {
  const std::int64_t before = now - context_.settings.keep_ns;
  return context_.store.write([&](store::WriteTransaction& tx) {
    bool more = tx.scans().prune(before, std::min(before, now - kKeepItemsNs), kPruneRows);
    more = tx.scans().pruneParts(now - kKeepPartsNs, kPruneWholes) || more;
    more = tx.commands().prune(before, kPruneRows) || more;
    more = tx.events().prune(context_.settings.keep_events, before, kPruneRows) || more;
    more = tx.errors().prune(before, kPruneRows) || more;
    more = tx.audit().prune(now - context_.settings.keep_audit_ns, now, kPruneRows) || more;
    more = tx.schedules().prune(before, kPruneRows) || more;
    more = tx.agents().pruneTokens(before, kPruneRows) || more;
    more = tx.people().pruneApiTokens(before, kPruneRows) || more;
    more = tx.decisions().prune(before, kPruneRows) || more;
    more = tx.windows().prune(before, kPruneRows) || more;
    more = tx.metrics().prune(now - kKeepPointsNs, now - kKeepDaysNs, kPruneRows) || more;
    return tx.people().pruneAnswers(now - kKeepAnswersNs, kKeepAnswersBytes, kPruneRows) || more;
  });
}

bool Upkeep::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

}  // namespace redflag::services
