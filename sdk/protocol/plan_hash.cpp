#include "protocol/plan_hash.h"

#include <algorithm>
#include <tuple>

#include "base/encoding.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kPlanDomain = "redflag-plan-v1";
constexpr std::size_t kMaxField = 512;

auto orderOf(const PlanStep& step) {
  return std::tie(step.name, step.arch, step.operation, step.from, step.to);
}

void sortSteps(std::vector<PlanStep>& steps) {
  std::sort(steps.begin(), steps.end(),
            [](const PlanStep& a, const PlanStep& b) { return orderOf(a) < orderOf(b); });
}

}  // namespace

Result<std::vector<PlanStep>> planSteps(const Json& plan) {
  JsonReader in(plan, "plan");
  const Json& list = in.array("steps", kMaxPlanSteps);
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  std::vector<PlanStep> steps;
  for (const Json& item : list) {
    JsonReader step(item, "plan.steps[" + std::to_string(steps.size()) + "]");
    PlanStep out;
    out.operation = step.text("operation", kMaxField);
    out.name = step.text("name", kMaxField);
    out.arch = step.text("arch", kMaxField);
    out.from = step.text("from", kMaxField);
    out.to = step.text("to", kMaxField);
    if (out.name.empty()) step.refuse("name", "a name");
    if (auto ok = step.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
    steps.push_back(std::move(out));
  }
  sortSteps(steps);
  const auto twin = std::adjacent_find(steps.begin(), steps.end(), [](const PlanStep& a, const PlanStep& b) {
    return orderOf(a) == orderOf(b);
  });
  if (twin != steps.end()) return fail(Code::kInvalid, "plan.steps: " + twin->name + " is named twice");
  return steps;
}

std::string planHash(std::vector<PlanStep> steps) {
  sortSteps(steps);
  CanonicalWriter out;
  out.domain(kPlanDomain);
  for (const auto& step : steps) {
    out.bytes(step.operation);
    out.bytes(step.name);
    out.bytes(step.arch);
    out.bytes(step.from);
    out.bytes(step.to);
  }
  return sha256(out.result());
}

}  // namespace redflag::protocol
