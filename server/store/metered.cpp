#include "store/metered.h"

#include "base/time.h"
#include "http/message.h"

namespace redflag::store {

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
                                     {"kind", "operation"}})),
      failures_(registry.counter({"redflag_store_failures",
                                  "",
                                  "Transactions that the store could not carry out",
                                  {"kind", "code"}})) {
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

void MeteredStore::runWrite(const std::function<void(WriteTransaction&)>& work) {
  const Measured measured(durations_, "write", writing_);
  try {
    store_->write([&](WriteTransaction& tx) { work(tx); });
  } catch (const http::Problem& problem) {
    if (problem.code.starts_with("store.")) failures_.add({"write", problem.code});
    throw;
  }
}

}  // namespace redflag::store
