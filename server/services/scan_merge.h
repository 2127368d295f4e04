#pragma once
// What a scan means for the updates that are known: a decision without side effects, in memory, so that every
// case of it can be tested as a table.
//
// A complete scope's rows are its whole truth: what it no longer lists is gone, but for the rows of a part of
// it that failed by itself. An incomplete scope only adds. Work in flight is never reset; an install is
// proven, or disproven, by a scan with purpose `verify` alone, and after a reboot where one was needed.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/updates.h"

namespace redflag::services {

struct FoundUpdate {
  std::string scope;
  store::UpdateRecord record;
  std::string digest;  // of the whole row
};

struct MergeInput {
  bool verify = false;
  std::string command_id;  // of the order the scan belongs to, or ""
  std::string boot_id;
  // Scopes whose rows are in `found`, and whether each is complete; with every other one that failed. What is
  // not here is left alone…
  std::map<std::string, bool> scopes;
  // …unless every source answered: then a scope that does not exist any more lists nothing.
  std::vector<std::string> vanished_scopes;
  std::vector<FoundUpdate> found;
  std::vector<store::KnownUpdate> known;
  // By manager and key: what is installed now (package/1 rows of a verify scan).
  std::map<std::pair<std::string, std::string>, std::string> installed;
};

struct MergeDecision {
  struct Refresh {
    std::string update_id;
    std::size_t found;
  };
  struct Advance {
    std::string update_id;
    std::string name;  // of the update, for people
    store::UpdateState from;
    store::UpdateEvent event;
    store::Reason reason;
    // Of a proof or its contrary: the version that is installed, "" when the manager does not say.
    std::string installed = {};
  };
  std::vector<std::size_t> added;  // indexes into found
  std::vector<Refresh> refreshed;
  std::vector<std::string> unlisted;  // ids
  std::vector<store::Proof> proofs;   // the result is still to come
  std::vector<Advance> advanced;      // only real changes of state

  bool empty() const {
    return added.empty() && refreshed.empty() && unlisted.empty() && proofs.empty() && advanced.empty();
  }
};

MergeDecision decideMerge(const MergeInput& input);

// The parts of `scope` that failed, by their keys: "SCOPE/PART". A row of the scope is a part's if its own
// key is that, or goes on behind it with one of ":@ ".
std::vector<std::string> failedParts(const std::map<std::string, bool>& scopes, const std::string& scope);

// What proves or disproves an install once the agent has said it is done: used again when the result comes
// after the scan.
store::Reason stillListed();

}  // namespace redflag::services
