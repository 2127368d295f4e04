#pragma once
// What the kernel itself does when ordered: scan, plan, cancel. None of it changes the machine.

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/envelope.h"
#include "schedule/scanner.h"

namespace redflag::kernel {

enum class RunBy { kKernel, kExecutor, kNobody };
// By its name alone: `kernel/scan`, `kernel/cancel` and `<plugin>/plan` are the kernel's, `<plugin>/install`
// is the executor's; every other verb is nobody's.
RunBy runBy(const protocol::Action& action);
bool isCancel(const protocol::Action& action);

class KernelActions {
 public:
  // True when the order will not be carried out (any more).
  using Cancel = std::function<bool(const std::string& command_id)>;
  KernelActions(Scanner& scanner, Cancel cancel) : scanner_(scanner), cancel_(std::move(cancel)) {}

  // The action's result. kInvalid when its parameters are not the action's.
  Result<Json> run(const protocol::Action& action, const std::string& command_id);

 private:
  Result<Json> scan(const Json& parameters, const std::string& command_id);
  Result<Json> plan(const std::string& plugin, const Json& parameters);
  Result<Json> cancel(const Json& parameters);

  Scanner& scanner_;
  Cancel cancel_;
};

}  // namespace redflag::kernel
