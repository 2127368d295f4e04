#pragma once
// Orders to a package manager and the plans of them, in the form of rf.updater/1: what apt and dnf have in
// common.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "common/problem.h"

namespace redflag::plugin {

// One approved update: exactly this version.
struct Wanted {
  std::string name;
  std::string arch;
  std::string version;
};

struct Step {
  std::string operation;  // install upgrade downgrade remove
  std::string name;
  std::string arch;
  std::string from;  // "" for a new package
  std::string to;    // "" for a removal
  std::string category;
  bool requested = false;
  // For a manager that wants to be told more when it carries a plan out; not part of a plan on its way.
  std::string repository = {};
  std::string reason = {};
  std::string replaced = {};  // the manager's whole name of the version that goes

  bool operator==(const Step& other) const;  // what is done, not why
};

struct Plan {
  std::vector<Step> steps;  // sorted by (name, arch, operation)
  std::int64_t download_bytes = 0;
  std::int64_t installed_bytes_delta = 0;
  bool needs_reboot = false;
  std::vector<std::string> restarts = {};  // services that use what the plan replaces or removes
  bool restarts_incomplete = false;        // others may do as well
};

struct Request {
  std::vector<Wanted> updates;
  std::vector<Step> planned;  // of the plan that was confirmed; empty where an operation has none
  bool rollback = false;      // to older versions than what is installed, and nothing else
};

// What cannot be a name, architecture or version (package_text.h) is refused before a manager sees it.
// RF_INVALID "MANAGER.bad_request" names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan, const std::string& manager);

// What a rollback would change besides what was ordered ("remove tool.all 2.0, ..."), or "": going back is
// exactly that, or nothing.
std::string notOrdered(const Plan& plan, char separator);

Json toJson(const Step& step);
Json toJson(const Plan& plan);

// One entry of what `verify` writes. `enough`: the wanted version, or a newer one, is completely installed.
Json verifiedRow(const Wanted& wanted, const std::string& installed_version, bool enough);

// Why two plans are not the same, in a sentence; `separator` stands between name and architecture.
std::string difference(const std::vector<Step>& planned, const std::vector<Step>& found, char separator);

}  // namespace redflag::plugin
