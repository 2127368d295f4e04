#pragma once
// A store on another one; right before something is written, something else may happen.

#include <functional>
#include <utility>

#include "store/store.h"

namespace redflag::testing {

class InterruptedStore : public store::Store {
 public:
  explicit InterruptedStore(store::Store& inner) : inner_(inner) {}
  std::int64_t settledEvents() const override { return inner_.settledEvents(); }
  void onOutbox(std::function<void()>) override {}
  std::function<void()> meanwhile;  // once

 protected:
  void runRead(const std::function<void(const store::ReadTransaction&)>& work) const override {
    static_cast<const store::Store&>(inner_).read(work);
  }
  void runWrite(const std::string& whose,
                const std::function<void(store::WriteTransaction&)>& work) override {
    const auto now = std::exchange(meanwhile, {});
    if (now) now();
    inner_.writeOf(whose, work);
  }

 private:
  store::Store& inner_;
};

}  // namespace redflag::testing
