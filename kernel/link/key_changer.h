#pragma once
// The order "make a new key", from the first try until the server has said how it is. Threads: run() from
// one, halt() from any.

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "link/access.h"
#include "link/backoff.h"
#include "link/server_connection.h"
#include "link/wake.h"

namespace redflag::kernel {

class KeyChanger {
 public:
  // Both outlive it.
  KeyChanger(const Endpoint& endpoint, Access& access, const BackoffLimits& limits)
      : connection_(endpoint), access_(access), backoff_(limits) {}

  // {"key_id"} of the new key. kCancelled: halted before it was known; the same order goes on with it at the
  // next start. kConflict: the server does not take it, and the key stays as it is.
  Result<Json> run(const std::string& command_id);
  void halt();

 private:
  ServerConnection connection_;
  Access& access_;
  Backoff backoff_;
  Wake wake_;
};

}  // namespace redflag::kernel
