#include "link/key_changer.h"

#include "base/log.h"
#include "base/request_id.h"

namespace redflag::kernel {

Result<Json> KeyChanger::run(const std::string& command_id) {
  while (!wake_.stopped()) {
    const RequestScope logged;
    const auto key_id = access_.changeKey(connection_.api(), command_id);
    if (key_id) return Json{{"key_id", *key_id}};
    const Failure& failure = key_id.error();
    if (failure.kind == Failure::Kind::kRefused) return fail(Code::kConflict, failure.text);
    if (failure.kind == Failure::Kind::kStopping) break;
    backOff(backoff_, failure, monotonicNow());
    spdlog::warn("order {}: the new key waits: {}", command_id, failure.text);
    if (failure.kind == Failure::Kind::kUnreachable) connection_.rotate();
    while (!wake_.stopped() && !backoff_.mayTry(monotonicNow()))
      wake_.waitUntil(backoff_.nextNs());
  }
  return fail(Code::kCancelled, "this goes on at the next start");
}

void KeyChanger::halt() {
  wake_.stop();
  connection_.interrupt();
}

}  // namespace redflag::kernel
