#include "link/order_policy.h"

#include "protocol/limits.h"
#include "protocol/plan_hash.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;
constexpr std::size_t kMaxCategory = 512;

// The steps of the plan the order came with; none when it came without.
Result<std::vector<PolicyStep>> stepsOf(const protocol::Action& action) {
  std::vector<PolicyStep> out;
  const auto parameters = parseJson(action.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters) return tl::unexpected<Error>(parameters.error());
  JsonReader in(*parameters, action.plugin + "/" + action.action);
  if (in.find("plan") == nullptr) return out;
  const Json& plan = in.object("plan");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto steps = protocol::planSteps(plan); !steps) return tl::unexpected<Error>(steps.error());
  for (const Json& item : plan.at("steps")) {
    JsonReader step(item, "plan.steps[" + std::to_string(out.size()) + "]");
    out.push_back({step.text("operation", kMaxCategory), step.text("name", kMaxCategory),
                   step.optionalText("category", kMaxCategory)});
    if (auto ok = step.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  }
  return out;
}

}  // namespace

protocol::Verdict<> checkPolicy(const protocol::Envelope& envelope, const Policy& policy,
                                const LocalMinute& now) {
  for (const protocol::Action& action : envelope.actions) {
    auto steps = stepsOf(action);
    if (!steps) return protocol::refuse(refusal::kMalformed, steps.error().text);
    const auto decision = decide(policy, {action.plugin + "/" + action.action, std::move(*steps)}, now);
    if (!decision.allowed) return protocol::refuse(refusal::kPolicy, decision.reason);
  }
  return {};
}

}  // namespace redflag::kernel
