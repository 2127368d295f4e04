#pragma once
// Takes one uploaded scan into the store.

#include <string_view>

#include "base/json.h"
#include "services/context.h"
#include "store/scans.h"

namespace redflag::services {

class ScanIntake {
 public:
  explicit ScanIntake(const Context& context) : context_(context) {}
  // `cut`: the text of the item's records when they were cut out of it (upload_text.h), else "".
  // http::Problem 400 "item.invalid" names what is wrong; then nothing of it may be kept.
  void take(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item,
            std::string_view cut) const;

 private:
  const Context& context_;
};

}  // namespace redflag::services
