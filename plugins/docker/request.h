#pragma once
// What was ordered, and the plan of it; their form is rf.updater/1's.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "problem.h"
#include "reference.h"

namespace redflag::docker {

// One approved update: exactly this digest for all containers of the name.
struct Wanted {
  Reference reference;
  std::string arch;    // "linux/amd64"
  std::string digest;  // "sha256:…"
};

struct Step {
  std::string name;
  std::string arch;
  std::string from;
  std::string to;
  bool operator==(const Step&) const = default;
};

struct Plan {
  std::vector<Step> steps;              // by name
  std::vector<std::string> containers;  // that are made anew, by name
  std::int64_t download_bytes = 0;
};

struct Request {
  std::vector<Wanted> updates;
  std::vector<Step> planned;  // of the plan that was confirmed
};

// RF_INVALID names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan);
Json toJson(const Step& step);
Json toJson(const Plan& plan);

}  // namespace redflag::docker
