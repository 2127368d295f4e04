#pragma once
// The built-in types; while they plan, something else may happen.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/world.h"

namespace redflag::testing {

class InterruptedTypes : public commands::CommandTypes {
 public:
  std::vector<commands::CommandType> all() const override { return builtInTypes().all(); }
  std::optional<commands::CommandType> find(const std::string& id) const override {
    return builtInTypes().find(id);
  }
  std::optional<commands::FieldProblem> validate(const commands::CommandType& type,
                                                 const Json& parameters) override {
    return builtInTypes().validate(type, parameters);
  }
  std::vector<commands::Planned> plan(const commands::CommandType& type,
                                      const std::vector<commands::PlanRequest>& requests) override {
    const auto now = std::exchange(meanwhile, {});
    if (now) now();
    return builtInTypes().plan(type, requests);
  }
  std::vector<std::vector<Json>> onResult(const commands::CommandType& type,
                                          const std::vector<commands::Outcome>& outcomes) override {
    return builtInTypes().onResult(type, outcomes);
  }
  std::function<void()> meanwhile;
};

}  // namespace redflag::testing
