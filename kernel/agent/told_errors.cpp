#include "agent/told_errors.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kTellAgainNs = 600 * kSecondNs;

Json itemOf(const std::vector<NotedError>& errors, std::int64_t now_ns) {
  Json told = Json::array();
  for (const NotedError& error : errors) {
    told.push_back({{"at", toRfc3339(error.at_ns)},
                    {"subsystem", error.subsystem},
                    {"code", error.code},
                    {"text", error.text},
                    {"times", std::min(error.times, protocol::kMaxToldTimes)}});
  }
  return {{"kind", "errors"}, {"id", newId()}, {"at", toRfc3339(now_ns)}, {"errors", std::move(told)}};
}

}  // namespace

// A spool that takes nothing has said so itself: one more line about this would be one more error to tell.
void ToldErrors::tell() {
  if (again_ns_ != 0 && clock_.monotonicNs() < again_ns_) return;
  const auto errors = noted_.take();
  if (errors.empty()) return;
  const Json item = itemOf(errors, clock_.epochNs());
  const auto put =
      spool_.put({item.at("id").get<std::string>(), "errors", "", true, Keep::kThin, dumpJson(item)});
  if (!put) return noted_.putBack(errors);
  again_ns_ = clock_.monotonicNs() + kTellAgainNs;
}

}  // namespace redflag::kernel
