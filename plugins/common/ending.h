#pragma once
// How an updater's operation ends: with a document, or with the run told what went wrong.

#include <algorithm>
#include <string>

#include "common/order.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

inline rf::Status end(rf::Run& run, rf::Output& result, const Result<Json>& outcome) {
  if (outcome) return result.write(dumpJson(*outcome));
  const auto& problem = outcome.error();
  return run.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

// A plan on its way, with the run told where it cannot name every service that has to be restarted.
inline Json told(rf::Run& run, const std::string& manager, const Plan& plan) {
  if (plan.restarts_incomplete)
    run.report(rf::Status::kLimit, manager + ".restarts_incomplete",
               "more services may run what this replaces or removes than are named");
  return toJson(plan);
}

// What became of a step of rpm's, by its own database: `versionsOf(name, arch)` are the installed versions,
// of any architecture if that is "".
template <class VersionsOf>
std::string resultOf(const Step& step, const VersionsOf& versionsOf) {
  const auto contains = [](const auto& versions, const std::string& version) {
    return std::find(versions.begin(), versions.end(), version) != versions.end();
  };
  const auto now = versionsOf(step.name, step.arch);
  // A package may have changed its architecture with the step.
  const auto before = step.from.empty() || contains(versionsOf(step.name, std::string()), step.from);
  if (step.operation == "remove") return contains(now, step.from) ? "not_started" : "done";
  const bool there = contains(now, step.to);
  const bool gone = step.operation == "install" || !before;
  return there && gone ? "done" : !there && before ? "not_started" : "failed";
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
