#pragma once
// What the kernel itself does when ordered: scan, plan, cancel, plugins' actions that change nothing, and
// what orders may do to the agent itself.

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "link/agent_control.h"
#include "protocol/envelope.h"
#include "schedule/scanner.h"

namespace redflag::kernel {

enum class RunBy { kKernel, kExecutor, kNobody };
struct Whose {
  RunBy who = RunBy::kNobody;
  std::string why;  // nobody: why not
};
// `kernel/…` and `<plugin>/plan` are the kernel's, `<plugin>/install` and `<plugin>/rollback` the executor's,
// the other verbs of updaters are nobody's. Of every other action its plugin says itself whether it changes
// the machine.
Whose whose(const protocol::Action& action, Scanner& scanner);
// "apt/plan,kernel/scan", for the log.
std::string actionsOf(const protocol::Envelope& envelope);
bool isCancel(const protocol::Action& action);
bool isRotateKeys(const protocol::Action& action);

class KernelActions {
 public:
  // True when the order will not be carried out (any more).
  using Cancel = std::function<bool(const std::string& command_id)>;
  // A new key for the agent, as this order asks. kCancelled: it goes on with it at the next start.
  using RotateKeys = std::function<Result<Json>(const std::string& command_id)>;
  // `agent`: nullptr where there is none to change. `rotate_keys`: empty where there is no server.
  KernelActions(Scanner& scanner, AgentControl* agent, Cancel cancel, RotateKeys rotate_keys)
      : scanner_(scanner), agent_(agent), cancel_(std::move(cancel)), rotate_keys_(std::move(rotate_keys)) {}

  // The action's result. kInvalid when its parameters are not the action's; kDenied and kUnsupported are
  // refusals.
  Result<Json> run(const protocol::Action& action, const std::string& command_id);

 private:
  Result<Json> scan(const Json& parameters, const std::string& command_id);
  Result<Json> plan(const std::string& plugin, const Json& parameters, const std::string& command_id);
  Result<Json> cancel(const Json& parameters);
  Result<Json> rotateKeys(const Json& parameters, const std::string& command_id);
  Result<Json> onAgent(const std::string& action, const Json& parameters);

  Scanner& scanner_;
  AgentControl* agent_;
  Cancel cancel_;
  RotateKeys rotate_keys_;
};

}  // namespace redflag::kernel
