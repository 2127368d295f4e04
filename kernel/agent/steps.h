#pragma once
// Starting is a list of named steps; stopping is the same list backwards.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace redflag::kernel {

class Steps {
 public:
  // `stop` may be empty: then there is nothing to undo.
  void add(std::string name, std::function<Result<>()> start, std::function<void()> stop = {});
  // In order; the first failure undoes what was done and names the step.
  Result<> start();
  // Undoes what was started, last first. Safe to call again.
  void stop();

 private:
  struct Step {
    std::string name;
    std::function<Result<>()> start;
    std::function<void()> stop;
  };
  std::vector<Step> steps_;
  std::size_t started_ = 0;
};

}  // namespace redflag::kernel
