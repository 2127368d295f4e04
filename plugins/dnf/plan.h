#pragma once
// What an order means for the whole system: every package that changes, worked out by libdnf's solver.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "problem.h"
#include "session.h"

namespace redflag::dnf {

// One approved update: exactly this version.
struct Wanted {
  std::string name;
  std::string arch;
  std::string version;  // [epoch:]version-release
};

struct Step {
  std::string operation;  // install upgrade downgrade remove
  std::string name;
  std::string arch;
  std::string from;  // "" for a new package
  std::string to;    // "" for a removal
  std::string category;
  bool requested = false;
  // For dnf, which wants to be told everything; not part of a plan on its way.
  std::string repository;
  std::string reason;
  std::string replaced;  // name-version-release.architecture of the version that goes

  bool operator==(const Step& other) const;  // what is done, not why
};

struct Plan {
  std::vector<Step> steps;  // sorted by (name, arch, operation)
  std::int64_t download_bytes = 0;
  std::int64_t installed_bytes_delta = 0;
  bool needs_reboot = false;
};

struct Request {
  std::vector<Wanted> updates;
  std::vector<Step> planned;  // of the plan that was confirmed; empty where an operation has none
};

// RF_INVALID names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan);
Json toJson(const Plan& plan);
Json toJson(const Step& step);

// Needs lists of files. Refused: what a lock or an exclude keeps out, is not installed, already newer, no
// longer offered (`dnf.version_gone`), or impossible (`dnf.unresolvable`).
Result<Plan> makePlan(const Session& session, const std::vector<Wanted>& updates);

// The plan as the file that `dnf history replay` carries out: exactly these packages, or nothing.
Json toReplay(const Plan& plan);

}  // namespace redflag::dnf
