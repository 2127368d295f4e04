#pragma once
// dnf5, asked: always from the metadata that the machine has fetched, without writing anything but its log,
// which goes into this run's own folder.

#include <string>
#include <vector>

#include "base/json.h"
#include "problem.h"
#include "redflag/sdk.hpp"

namespace redflag::dnf5 {

extern const char* const kProgram;  // "/usr/bin/dnf5"
// Locks are excludes to dnf5, too.
extern const char* const kWithoutExcludes;

extern const char* const kSkipUnavailable;  // repositories that cannot be had are passed over
// What a plan and its carrying out have in common, so that the solver finds the same both times.
std::vector<std::string> solverOptions();

struct Answer {
  int exit_code = -1;
  std::string out;
  std::string words;  // what it complained of
};

class Client {
 public:
  explicit Client(const rf::Host& host) : exec_(host) {}

  // What it prints. Repositories without usable metadata are passed over. RF_UNSUPPORTED "dnf5.too_old": it
  // does not know an argument. RF_TRANSIENT "dnf5.failed", with what it said.
  Result<std::string> text(const std::vector<std::string>& arguments) const;
  // The same as JSON; null where it prints nothing.
  Result<Json> json(const std::vector<std::string>& arguments) const;
  // A transaction that is not carried out: dnf5 says no to itself, and ends badly for that.
  Result<Answer> solve(const std::vector<std::string>& arguments) const;

 private:
  rf::Exec exec_;
};

}  // namespace redflag::dnf5
