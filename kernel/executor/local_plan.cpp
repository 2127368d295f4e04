#include "executor/local_plan.h"

#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

constexpr JsonLimits kPlanLimits = {.bytes = 16U << 20, .depth = 8, .values = 400'000};
constexpr std::size_t kMaxName = 512;

}  // namespace

Result<LocalPlan> readPlan(const std::string& text) {
  auto json = parseJson(text, kPlanLimits);
  if (!json) return failAt("plan", json.error());
  auto steps = protocol::planSteps(*json);
  if (!steps) return tl::unexpected<Error>(steps.error());
  JsonReader in(*json, "plan");
  LocalPlan plan;
  plan.hash = protocol::planHash(std::move(*steps));
  plan.needs_reboot = in.optionalBoolean("needs_reboot", false);
  for (const Json& item : in.array("steps", protocol::kMaxPlanSteps)) {
    JsonReader step(item, "plan.steps[" + std::to_string(plan.steps.size()) + "]");
    plan.steps.push_back({step.text("operation", kMaxName), step.text("name", kMaxName),
                          step.optionalText("category", kMaxName)});
    if (auto ok = step.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  }
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  plan.document = std::move(*json);
  return plan;
}

}  // namespace redflag::kernel
