#pragma once
// The plan this machine made for an order, just now: what the signed hash and the local policy are held
// against.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/policy.h"
#include "protocol/plan_hash.h"

namespace redflag::kernel {

struct LocalPlan {
  Json document;  // as the updater wrote it
  std::vector<PolicyStep> steps;
  std::string hash;  // protocol::planHash()
  bool needs_reboot = false;
};

// kInvalid names the bad member.
Result<LocalPlan> readPlan(const std::string& text);

}  // namespace redflag::kernel
