#include "store/metered.h"

#include <array>

#include "base/time.h"
#include "http/message.h"
#include "store/command_life.h"
#include "store/commands.h"

namespace redflag::store {
namespace {

// Those of store.h that are the store's own fault.
constexpr std::array<const char*, 6> kFailures = {"store.busy",        "store.full",
                                                  "store.unavailable", "store.outcome_unknown",
                                                  "store.failed",      "store.corrupt"};

constexpr std::size_t kMostSeries = 500;  // two of each route: who asks is read and noted, whatever is asked

}  // namespace

// One transaction, its waiting included.
class MeteredStore::Measured {
 public:
  Measured(metrics::Histogram& durations, const char* kind, std::atomic<std::int64_t>& under_way)
      : durations_(durations), kind_(kind), under_way_(under_way) {
    ++under_way_;
  }
  ~Measured() {
    --under_way_;
    durations_.observe({kind_, metrics::Operation::current()},
                       static_cast<double>(monotonicNow() - began_ns_) / kSecondNs);
  }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

 private:
  metrics::Histogram& durations_;
  const char* kind_;
  std::atomic<std::int64_t>& under_way_;
  const std::int64_t began_ns_ = monotonicNow();
};

MeteredStore::MeteredStore(std::unique_ptr<Store> store, metrics::Registry& registry)
    : store_(std::move(store)),
      durations_(registry.histogram({"redflag_store_transaction_duration_seconds",
                                     "seconds",
                                     "Time of one transaction, waiting for its turn and the disk included",
                                     {"kind", "operation"}},
                                    metrics::secondsBounds(), kMostSeries)),
      failures_(registry.counter({"redflag_store_failures",
                                  "",
                                  "Transactions that the store could not carry out",
                                  {"kind", "code"}})),
      reached_(registry.counter({"redflag_commands_reached",
                                 "",
                                 "Commands that came to this state through this server",
                                 {"state"}})) {
  // A rate needs the point before the first one.
  for (int i = 0; i < kCommandStates; ++i)
    reached_.add({name(static_cast<CommandState>(i))}, 0);
  for (const char* code : kFailures) {
    failures_.add({"read", code}, 0);
    failures_.add({"write", code}, 0);
  }
  registry.onRead([this](metrics::Snapshot& out) {
    out.gauge(
        {"redflag_store_transactions", "", "Transactions under way or waiting for their turn", {"kind"}},
        {{{"read"}, static_cast<double>(reading_)}, {{"write"}, static_cast<double>(writing_)}});
  });
}

void MeteredStore::runRead(const std::function<void(const ReadTransaction&)>& work) const {
  const Measured measured(durations_, "read", reading_);
  try {
    store_->read([&](const ReadTransaction& tx) { work(tx); });
  } catch (const http::Problem& problem) {
    if (problem.code.starts_with("store.")) failures_.add({"read", problem.code});
    throw;
  }
}

// Of a transaction that is run again only what is durable counts.
void MeteredStore::countSteps(WriteTransaction& tx) {
  const auto& steps = tx.commands().steps();
  if (steps.empty()) return;
  std::map<std::string, std::uint64_t> reached;
  for (const CommandStep& step : steps)
    ++reached[step.to];
  tx.afterCommit([this, reached = std::move(reached)] {
    for (const auto& [state, times] : reached)
      reached_.add({state}, times);
  });
}

void MeteredStore::runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) {
  const Measured measured(durations_, "write", writing_);
  try {
    store_->writeOf(whose, [&](WriteTransaction& tx) {
      work(tx);
      countSteps(tx);
    });
  } catch (const http::Problem& problem) {
    if (problem.code.starts_with("store.")) failures_.add({"write", problem.code});
    throw;
  }
}

}  // namespace redflag::store
