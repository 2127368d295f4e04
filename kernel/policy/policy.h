#pragma once
// What this machine's owner lets orders do: `policy` of agent.yaml. Nothing is allowed that no `allow` line
// matches; one matching `deny` line refuses the whole plan. A pure function of policy, plan and time.

#include <string>
#include <vector>

#include "policy/window.h"

namespace redflag::kernel {

struct NamedWindow {
  std::string name;  // "night"
  std::string text;  // "Mon-Fri 22:00-05:00"
  Window window;
};

// One line of `allow` or `deny`. A rule as constructed matches at no time: whoever fills it must say when.
struct PolicyRule {
  int line = 0;                       // in agent.yaml
  std::string action;                 // glob, "apt/install"; "": every action
  std::vector<std::string> packages;  // globs with * and ?; empty: every package
  std::string category;               // "security"; "": every category
  // `removals: any`, `downgrades: any`. In `allow` the rule is then about these operations only; an allow
  // line with neither is about installing and upgrading. In `deny` a line with neither is about every
  // operation.
  bool removals = false;
  bool downgrades = false;
  bool always = false;
  std::vector<NamedWindow> when;  // any of them; read only if not `always`
  std::string reason;             // deny: the owner's own words
};

struct Policy {
  std::vector<PolicyRule> allow;
  std::vector<PolicyRule> deny;
};

// One change of a plan. An operation other than install, upgrade, remove and downgrade is never allowed.
struct PolicyStep {
  std::string operation;
  std::string name;
  std::string category;
};

// What an order is about to do. `steps` is the whole plan, dependencies included; empty for an action without
// packages.
struct PolicyQuestion {
  std::string action;  // "apt/install"
  std::vector<PolicyStep> steps;
};

struct PolicyDecision {
  bool allowed = false;
  int line = 0;        // the rule that decided; 0: none matched
  std::string reason;  // one sentence for the technician
};

// A download ("apt/download") is what an install begins with: where no line speaks of it, it is allowed as
// the install of the same plan would be now.
PolicyDecision decide(const Policy& policy, const PolicyQuestion& question, const LocalMinute& now);

// '*' is any text, '?' one byte; everything else is itself.
bool globMatches(std::string_view pattern, std::string_view text);

}  // namespace redflag::kernel
