#include "host/frame.h"
#include "host/guard.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxValueBytes = 4U << 20;
constexpr std::size_t kMaxTotalBytes = 16U << 20;

StateService& serviceOf(const rf_state_1* table) {
  return *static_cast<StateService*>(table->service_data);
}

}  // namespace

StateService::StateService(Values kept, bool shows_kept) : kept_(std::move(kept)), shows_kept_(shows_kept) {
  table_.struct_size = sizeof(rf_state_1);
  table_.service_data = this;
  table_.get = &get;
  table_.put = &put;
}

rf_status StateService::get(const rf_state_1* table, rf_str key, rf_sink value) {
  return guard([&] {
    StateService& self = serviceOf(table);
    std::string copy;  // the sink is the plugin's code: not under our lock
    {
      const std::lock_guard lock(self.mutex_);
      auto it = self.put_.find(viewOf(key));
      if (it == self.put_.end()) {
        it = self.kept_.find(viewOf(key));
        if (it == self.kept_.end() || !self.shows_kept_) return RF_NOT_APPLICABLE;
      }
      copy = it->second;
    }
    return value.write(value.sink_data, rfStr(copy));
  });
}

rf_status StateService::put(const rf_state_1* table, rf_str key, rf_str value) {
  return guard([&] {
    StateService& self = serviceOf(table);
    const std::string name(viewOf(key));
    if (!isStateKey(name) || (value.data == nullptr && value.size > 0)) return RF_INVALID;
    if (value.size > kMaxValueBytes) return RF_LIMIT;
    const std::lock_guard lock(self.mutex_);
    std::size_t total = value.size;
    for (const auto& [other, bytes] : self.put_)
      total += other == name ? 0 : bytes.size();
    for (const auto& [other, bytes] : self.kept_) {
      total += other == name || self.put_.contains(other) ? 0 : bytes.size();
    }
    if (total > kMaxTotalBytes) return RF_LIMIT;
    self.put_.insert_or_assign(name, std::string(viewOf(value)));
    return RF_OK;
  });
}

StateService::Values StateService::takePut() {
  const std::lock_guard lock(mutex_);
  return std::move(put_);
}

}  // namespace redflag::host
