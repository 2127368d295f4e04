#pragma once
// rf.actions/1 for the machine itself: start it anew, take that back, restart services. Nothing here knows
// who may order it: that is the executor's, by the machine's own policy.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "redflag/sdk.hpp"

namespace redflag::system {

// Programs run on this machine; tests have a stand-in, so that none is ever rebooted by one.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual rf::Value<rf::ExecResult> run(const std::vector<std::string>& argv) = 0;
};

class ThisMachine : public Machine {
 public:
  explicit ThisMachine(const rf::Host& host) : exec_(host) {}
  rf::Value<rf::ExecResult> run(const std::vector<std::string>& argv) override { return exec_.run(argv); }

 private:
  rf::Exec exec_;
};

class SystemActions {
 public:
  // Both must outlive it.
  SystemActions(const rf::Host& host, Machine& machine) : files_(host), machine_(machine) {}

  static Json list();
  // `request` as redflag/draft/actions.h says; the parameters are valid against list()'s schema.
  rf::Status run(rf::Run& run, std::string_view request, rf::Output& result);

 private:
  rf::Status reboot(rf::Run& run, const Json& parameters, rf::Output& result);
  rf::Status cancelReboot(rf::Run& run, rf::Output& result);
  rf::Status restartServices(rf::Run& run, const Json& parameters, rf::Output& result);
  // {"name","restarted","state","text"}
  Json restartOne(const std::string& unit);
  // The kernel a reboot should bring; "" where nothing is known of it.
  std::string expectedKernel();

  rf::File files_;
  Machine& machine_;
};

}  // namespace redflag::system
