#pragma once
// A machine whose orders are held to windows. The world's clock stands at 2023-11-14T22:13:20Z, a Tuesday;
// its windows open at 23:00 for two hours.

#include <gtest/gtest.h>

#include <functional>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/envelope.h"
#include "support/windows.h"
#include "support/world.h"

namespace redflag::testing {

class WindowedOrders : public ::testing::Test {
 protected:
  WindowedOrders() : agent(enrol("alpha")) {}

  store::AgentKey enrol(const std::string& hostname) {
    const auto key = world.enrol(hostname);
    Json status = world.statusItem(hostname, "act");
    Json system = status["plugins"][0];
    system["id"] = "system";
    status["plugins"].push_back(std::move(system));
    world.mustTake(key, {status});
    return key;
  }
  store::MaintenanceWindow night(const std::string& time = "23:00", const std::string& site_id = "") {
    return world.services.windows.add(windowWish("Night", agent.client_id, site_id, time, 120), ada);
  }
  store::Command restart(const std::string& unit = "a.service", const std::string& outside = "") {
    return world.services.orders
        .order("restart_services", {agent.agent_id}, {{"services", {unit}}}, ada, {}, outside)
        .front();
  }
  // Somebody else who may approve.
  services::Actor person(const std::string& name) {
    const auto account =
        world.services.users.add("person", name, "hash", http::Grants::everywhere("approver"), world.admin);
    return {name, account.grants, true, account.id, account.id};
  }
  store::Command now(const store::Command& command) { return world.command(command.id); }
  // To this time of this day, and one round of the server's own work.
  void at(const std::string& text) {
    world.clock.now = fromRfc3339("2023-11-" + text + "Z").value();
    world.services.upkeep.round();
  }
  std::string window(const store::Command& command) {
    const auto it = now(command);
    return toRfc3339(it.not_before).substr(8, 8) + " to " + toRfc3339(it.expires_at).substr(8, 8);
  }
  protocol::Envelope opened(const Json& transport) {
    const auto keys = world.signer.publicKeys();
    return protocol::openEnvelope(transport,
                                  [&](const std::string&) { return std::optional(keys[0].public_key); })
        .value();
  }
  static std::string refusal(const std::function<void()>& work) {
    try {
      work();
    } catch (const http::Problem& problem) {
      return std::to_string(problem.status) + " " + problem.code;
    }
    return "done";
  }
  // Approves one update and lets the machine plan it: the command that installs it.
  store::Command installOf(const std::string& outside = "") {
    world.scan(agent, {.records = {updateRow({"nginx", "1.1"})}});
    const auto outcome = world.services.approvals.approve({{world.update(agent, "nginx", "1.1").id}, {}}, ada,
                                                          {}, services::Approvals::How::kOrder, outside);
    return planned(outcome.command_ids.at(0));
  }
  std::int64_t downloads() {
    return world.store.read([](const store::ReadTransaction& tx) {
      return tx.commands()
          .list({"", "download_updates", "", {}}, http::Visible::everything(), {10, ""})
          .total;
    });
  }
  store::Command planned(const std::string& command_id) {
    const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
    world.carryOut(agent, command_id, "succeeded",
                   Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}));
    return world.newest("install_updates");
  }

  World world;
  const store::AgentKey agent;
  const services::Actor ada{"ada", http::Grants::everywhere("admin"), true};
};

}  // namespace redflag::testing
