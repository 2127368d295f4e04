#pragma once
// What can be ordered. Each command type is a plugin: its data was asked once, its hooks run in sealed hosts
// that reach neither the store, nor a key, nor an agent; what they answer is checked before it counts.
//
// Threads: all functions from any thread. Hooks throw http::Problem 503 "command_type.failed" when the type's
// plugin crashes, hangs, or answers something else than it promised.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace redflag::commands {

struct CommandType {
  std::string id;  // "install_updates"
  std::string title;
  std::string description;
  std::string permission;       // technician | approver | admin
  std::string risk;             // none | low | high | destructive
  bool needs_approval = false;  // ordered by approving updates only, never directly
  bool listed = true;           // false: a screen of its own orders it, no list offers it
  // A type that is ordered with the same parameters while an order of this one waits for a window, or "".
  std::string prepared_by = {};
  std::int64_t timeout_s = 0;  // silence longer than this, once accepted, counts as lost
  std::int64_t valid_s = 0;    // how long an order waits for its machine
  std::int64_t max_attempts = 1;
  std::vector<std::string> idempotency_fields;  // parameters that make two orders the same
  Json parameters_schema;
  Json result_schema;
  std::set<std::string> effects;  // what on_result may ask for
};

struct FieldProblem {
  std::string field;  // JSON pointer below the parameters
  std::string text;
};

struct PlanRequest {
  Json parameters;
  std::string agent_id;
  std::string hostname;
  std::string mode;
  std::vector<std::string> plugins;
};

struct Planned {
  Json actions = Json::array();  // [{"plugin","action","parameters":{…}}…], 1 to 16
  std::string plan_hash;         // hexadecimal: of the steps that a rollback or download binds, or ""
  std::string error_code;        // not "": this agent cannot be asked that
  std::string error_text;
};

struct Outcome {
  Json parameters;
  std::string outcome;  // succeeded | failed | refused | expired | cancelled
  Json results = Json::array();
  std::string code;
  std::string text;
};

class CommandTypes {
 public:
  virtual ~CommandTypes() = default;
  virtual std::vector<CommandType> all() const = 0;
  virtual std::optional<CommandType> find(const std::string& id) const = 0;
  // Against the type's schema, then by its own hook.
  virtual std::optional<FieldProblem> validate(const CommandType& type, const Json& parameters) = 0;
  // One answer for each request. What is no order, because of the one machine that it is for, is refused to
  // that one with "command_type.bad_plan".
  virtual std::vector<Planned> plan(const CommandType& type, const std::vector<PlanRequest>& requests) = 0;
  // Effects of each outcome, in order; only such as the type declared.
  virtual std::vector<std::vector<Json>> onResult(const CommandType& type,
                                                  const std::vector<Outcome>& outcomes) = 0;
};

}  // namespace redflag::commands
