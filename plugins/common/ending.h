#pragma once
// How an updater's operation ends: with a document, or with the run told what went wrong.

#include <string>

#include "common/order.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

inline rf::Status end(rf::Run& run, rf::Output& result, const Result<Json>& outcome) {
  if (outcome) return result.write(dumpJson(*outcome));
  const auto& problem = outcome.error();
  return run.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

// What became of each step by the manager's own database ("done", "failed", "not_started", as resultOf(step)
// finds), with the run told if it was not all. `errors`: what the manager complained of, or "".
template <class ResultOf>
Json outcomeOf(rf::Run& run, const std::string& manager, const Plan& plan, const std::string& errors,
               const ResultOf& resultOf) {
  auto steps = Json::array();
  bool all_done = true;
  for (const auto& step : plan.steps) {
    auto row = toJson(step);
    row["result"] = resultOf(step);
    all_done = all_done && row["result"] == "done";
    steps.push_back(std::move(row));
  }
  if (!all_done || !errors.empty())
    run.fail(all_done ? rf::Status::kOk : rf::Status::kPermanent,
             manager + (all_done ? ".install_complained" : ".install_failed"),
             errors.empty() ? "not every package reached its planned version" : errors);
  return {{"steps", std::move(steps)}, {"needs_reboot", plan.needs_reboot}};
}

}  // namespace redflag::plugin
