#pragma once
// What a plugin says it can do when ordered: the document of rf.actions/1's list(), checked.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::host {

struct ActionInfo {
  std::string name;  // "restart": ordered as `<plugin>/restart`
  std::string title;
  std::string description;
  std::string risk;  // none | low | high | destructive
  Json parameters_schema;

  // Only what changes nothing may run without the executor.
  bool changesTheMachine() const { return risk != "none"; }
};

// Verbs that mean the same for every plugin; no action may take their name.
bool isReservedAction(std::string_view name);

// kInvalid names the member and what was expected. Names are unique; the schemas are objects, not yet
// understood.
Result<std::vector<ActionInfo>> readActions(const Json& document);
// kUnsupported: the plugin has no such action.
Result<ActionInfo> findAction(const Json& document, const std::string& name);

}  // namespace redflag::host
