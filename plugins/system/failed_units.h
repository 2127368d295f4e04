#pragma once
// Which units of the service manager have failed: service/1 rows with the state "failed". Whoever started the
// host asks the service manager; a sealed plugin reaches no socket.

#include <string>

#include "redflag/sdk.hpp"

namespace redflag::system {

class FailedUnits {
 public:
  FailedUnits(const rf::Host& host, rf::Run& run) : manager_(host), run_(run) {}
  // Scope "units", not complete where more have failed than are told of, and the fact units.failed: how many
  // have. Without a service manager that can be asked: neither, which is what is known.
  void report();

 private:
  void tell(const std::string& body, rf::Scope& scope);

  rf::LocalHttp manager_;
  rf::Run& run_;
};

}  // namespace redflag::system
