#include "agent/steps.h"

#include <utility>

namespace redflag::kernel {

void Steps::add(std::string name, std::function<Result<>()> start, std::function<void()> stop) {
  steps_.push_back({std::move(name), std::move(start), std::move(stop)});
}

Result<> Steps::start() {
  for (; started_ < steps_.size(); ++started_) {
    const auto done = steps_[started_].start();
    if (done) continue;
    const Error error{done.error().code, steps_[started_].name + ": " + done.error().text};
    stop();
    return tl::unexpected<Error>(error);
  }
  return {};
}

void Steps::stop() {
  while (started_ > 0) {
    const Step& step = steps_[--started_];
    if (step.stop) step.stop();
  }
}

}  // namespace redflag::kernel
