#include "agent/policy_command.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "base/json.h"
#include "base/time.h"
#include "policy/policy.h"

namespace redflag::kernel {
namespace {

constexpr int kAllowed = 0;
constexpr int kWrongUsage = 2;
constexpr int kRefused = 3;
constexpr std::array<std::string_view, 4> kOperations = {"install", "upgrade", "remove", "downgrade"};

Result<LocalMinute> momentOf(const PolicyTestRequest& request) {
  if (request.at.empty()) return localMinute(epochNow());
  auto at = parseLocalMinute(request.at);
  if (!at) return failAt("--at", at.error());
  return at;
}

Result<PolicyQuestion> questionOf(const PolicyTestRequest& request) {
  const auto slash = request.action.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == request.action.size()) {
    return fail(Code::kInvalid, "ACTION: expected PLUGIN/ACTION, e.g. apt/install");
  }
  if (std::find(kOperations.begin(), kOperations.end(), request.operation) == kOperations.end()) {
    return fail(Code::kInvalid, "--operation: expected install, upgrade, remove or downgrade");
  }
  PolicyQuestion question{request.action, {}};
  if (!request.package.empty()) question.steps = {{request.operation, request.package, request.category}};
  return question;
}

void print(const PolicyDecision& decision, const LocalMinute& at, Mode mode, bool as_json,
           std::ostream& out) {
  const bool acts = mode == Mode::kAct;
  if (as_json) {
    out << dumpJson({{"allowed", decision.allowed},
                     {"line", decision.line == 0 ? Json() : Json(decision.line)},
                     {"reason", decision.reason},
                     {"at", toText(at)},
                     {"mode", acts ? "act" : "report"}})
        << "\n";
    return;
  }
  out << (decision.allowed ? "allowed: " : "refused: ") << decision.reason << "\n";
  if (!acts)
    out << "This machine is in report mode: no order is carried out before agent.yaml says `mode: act`.\n";
}

}  // namespace

int runPolicyTest(const Config& config, const PolicyTestRequest& request, std::ostream& out,
                  std::ostream& err) {
  const auto at = momentOf(request);
  const auto question = questionOf(request);
  if (!at || !question) {
    err << (question ? at.error().text : question.error().text) << "\n";
    return kWrongUsage;
  }
  const PolicyDecision decision = decide(config.policy, *question, *at);
  print(decision, *at, config.mode, request.json, out);
  return decision.allowed ? kAllowed : kRefused;
}

}  // namespace redflag::kernel
