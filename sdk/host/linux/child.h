#pragma once
// One tool of a plugin's, started in this process's own group so that whoever ends the group ends it too.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/linux/descriptor.h"

namespace redflag::host {

class Child {
 public:
  // argv[0] is a path. No other descriptor of ours reaches it, stdin is /dev/null, signals are at their
  // defaults. kNotFound, kDenied or kUnavailable.
  static Result<Child> start(const std::vector<std::string>& argv);
  Child(Child&&) = default;
  Child& operator=(Child&&) = delete;
  ~Child();

  int out() const { return out_.get(); }  // non-blocking
  int err() const { return err_.get(); }
  // Its exit code, or 128 + the signal's number, once it has ended.
  std::optional<int> poll();

 private:
  Child(pid_t pid, Descriptor out, Descriptor err) : pid_(pid), out_(std::move(out)), err_(std::move(err)) {}

  struct Pid {
    explicit Pid(pid_t pid) : value(pid) {}
    Pid(Pid&& other) noexcept : value(std::exchange(other.value, -1)) {}
    pid_t value;
  };
  Pid pid_;
  Descriptor out_;
  Descriptor err_;
  std::optional<int> code_;
};

}  // namespace redflag::host
