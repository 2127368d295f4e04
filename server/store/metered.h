#pragma once
// A store that tells how long it took: by what was being done (metrics::Operation), reading and writing
// apart; and to which states commands came.

#include <atomic>
#include <memory>

#include "metrics/registry.h"
#include "store/store.h"

namespace redflag::store {

class MeteredStore : public Store {
 public:
  // The registry outlives it, and is not read any more when it goes.
  MeteredStore(std::unique_ptr<Store> store, metrics::Registry& registry);

  std::int64_t settledEvents() const override { return store_->settledEvents(); }
  void onOutbox(std::function<void()> listener) override { store_->onOutbox(std::move(listener)); }
  void onOthers(const std::function<void()>& listener) override { store_->onOthers(listener); }
  bool mayHaveOthers() const override { return store_->mayHaveOthers(); }

 protected:
  void runRead(const std::function<void(const ReadTransaction&)>& work) const override;
  void runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) override;

 private:
  class Measured;
  void countSteps(WriteTransaction& tx);

  const std::unique_ptr<Store> store_;
  metrics::Histogram& durations_;
  metrics::Counter& failures_;
  metrics::Counter& reached_;
  mutable std::atomic<std::int64_t> reading_{0};
  std::atomic<std::int64_t> writing_{0};
};

}  // namespace redflag::store
