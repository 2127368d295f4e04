#pragma once
// What an approval policy says, and what several of them together say of one update: pure.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "store/decisions.h"
#include "store/updates.h"

namespace redflag::services {

constexpr std::int64_t kPolicyHourNs = 3'600 * kSecondNs;

// Of these updates, after this time.
struct PolicyLine {
  std::vector<std::string> categories;  // empty: any
  std::vector<std::string> severities;  // empty: any
  std::int64_t after_hours = 0;
};

struct PolicyTerms {
  bool install = false;               // approve and order the install; else approve, and a person orders
  bool age_from_published = false;    // where it is known when it was published; else since it was first seen
  std::vector<std::string> managers;  // empty: any
  std::vector<std::string> include;   // patterns of names (name_pattern.h); empty: any
  std::vector<std::string> exclude;   // never approved by it, nor by a policy that is farther away
  std::vector<PolicyLine> lines;      // the first that fits counts; none: not a matter of this policy
};

// kInvalid with the member and what was expected. Every member is read; finish() is the caller's.
PolicyTerms readTerms(JsonReader& in);
Json toJson(const PolicyTerms& terms);

struct LoadedPolicy {
  store::ApprovalPolicy policy;
  PolicyTerms terms;
  std::set<std::string> agent_ids = {};  // of a group's: who is in it
};

struct PolicyVerdict {
  enum class Kind {
    kSilent,    // no policy speaks of it
    kExcluded,  // one says: never
    kWaits,     // one approves it at `at`
    kApproves,
  };
  Kind kind = Kind::kSilent;
  const LoadedPolicy* policy = nullptr;  // of all but kSilent
  std::int64_t at = 0;
};

// The nearest scope that speaks of the row decides: the policies of all groups that its agent is in, else its
// site's, else the client's, else those that hold everywhere. Of several there an exclusion wins, then the
// earliest. Policies that are not enabled say nothing.
PolicyVerdict judge(const std::vector<LoadedPolicy>& policies, const store::UpdateRow& row, std::int64_t now);

}  // namespace redflag::services
