#pragma once
// A command that is one action of a plugin on the machine, with the parameters as they were ordered.

#include <string>

#include "batched_type.h"

namespace redflag::command_types {

class PluginAction : public BatchedType {
 protected:
  // Why this agent cannot be asked for something that changes the machine; null when it can.
  static Json cannotAct(const Json& agent, const std::string& plugin) {
    const std::string hostname = agent.at("hostname");
    if (agent.at("mode") != "act")
      return refused("agent.report_mode", hostname + " is in report mode: nothing can be changed there");
    if (!has(agent, plugin))
      return refused("agent.no_plugin", hostname + " has no plugin \"" + plugin + "\" that could do this");
    return nullptr;
  }

  static Json changing(const Json& agent, const std::string& plugin, const std::string& action,
                       Json parameters) {
    const Json problem = cannotAct(agent, plugin);
    return problem.is_null() ? oneAction(plugin, action, std::move(parameters)) : problem;
  }
};

}  // namespace redflag::command_types
