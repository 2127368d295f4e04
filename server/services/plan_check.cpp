#include "services/plan_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"

namespace redflag::services {
namespace {

bool installs(const protocol::PlanStep& step) {
  return step.operation == "install" || step.operation == "upgrade";
}

// As planSteps() has them. Who confirms has to see the steps themselves, in whatever order an updater wrote
// them.
std::vector<const Json*> inOrder(const Json& steps) {
  using Place = std::array<std::string, 5>;
  std::map<Place, const Json*> by_place;
  for (const Json& step : steps)
    by_place.emplace(Place{step.at("name").get<std::string>(), step.at("arch").get<std::string>(),
                           step.at("operation").get<std::string>(), step.at("from").get<std::string>(),
                           step.at("to").get<std::string>()},
                     &step);
  std::vector<const Json*> out;
  for (const auto& [place, step] : by_place)
    out.push_back(step);
  return out;
}

}  // namespace

Result<PlanVerdict> checkPlan(const Json& plan, const std::string& claimed_hash,
                              const std::vector<store::ApprovedUpdate>& approved) {
  const auto steps = protocol::planSteps(plan);
  if (!steps) return tl::unexpected<Error>(steps.error());
  if (steps->size() > protocol::kMaxPlanSteps) return fail(Code::kLimit, "the plan has too many steps");
  PlanVerdict verdict;
  verdict.plan_hash = toHex(protocol::planHash(*steps));
  if (verdict.plan_hash != claimed_hash)
    return fail(Code::kInvalid, "the plan does not have the hash it came with");
  // By name: an approval without an architecture covers whichever the manager plans.
  std::multimap<std::string, const store::ApprovedUpdate*> wanted;
  for (const auto& update : approved)
    wanted.emplace(update.name, &update);
  std::set<std::string> planned;
  const auto listed = inOrder(plan.at("steps"));
  for (std::size_t i = 0; i < steps->size(); ++i) {
    const auto& step = (*steps)[i];
    const auto [first, last] = wanted.equal_range(step.name);
    const auto covering = std::find_if(first, last, [&](const auto& entry) {
      const store::ApprovedUpdate& update = *entry.second;
      return step.to == update.version && (update.arch.empty() || step.arch == update.arch);
    });
    if (installs(step) && covering != last) {
      planned.insert(covering->second->update_id);
    } else {
      verdict.extras.push_back(*listed[i]);
    }
  }
  for (const auto& update : approved) {
    if (!planned.contains(update.update_id)) verdict.left_out.push_back(update.update_id);
  }
  return verdict;
}

}  // namespace redflag::services
