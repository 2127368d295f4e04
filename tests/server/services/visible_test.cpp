// What a query tells of, for somebody who sees everything, a client, or one site; on both engines.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "events/outbox.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using http::Visible;

class WhatIsSeen : public ::testing::Test {
 protected:
  WhatIsSeen() {
    const auto client = world_.services.places.addClient("Zenith", world_.admin);
    const auto site = world_.services.places.addSite(client.id, "Elsewhere", world_.admin);
    const auto second = world_.services.places.addSite(client.id, "Nearby", world_.admin);
    for (const auto& [name, site_id] : std::vector<std::pair<std::string, std::string>>{
             {"first", ""}, {"elsewhere", site.id}, {"nearby", second.id}}) {
      const auto made = world_.services.enrolment.makeToken(1000, 3600, site_id, world_.admin, "auto");
      world_.token = protocol::decodeBundle(made.bundle).value().token;
      agents_.push_back(world_.enrol(name));
      world_.scan(agents_.back(),
                  {.records = {updateRow({.name = "nginx", .candidate = "1.1", .category = "security"}),
                               updateRow({"only-" + name, "2"})}});
      commands_.push_back(
          world_.services.orders
              .order("scan", {agents_.back().agent_id}, {{"plugins", {"apt"}}}, world_.admin)[0]
              .id);
    }
    of_client_ = Grants({{"admin", client.id, ""}});
    of_site_ = Grants({{"approver", client.id, site.id}});
  }

  // How many of the three machines each query speaks of.
  std::map<std::string, std::int64_t> countedBy(const Visible& visible) {
    const auto contact = world_.services.context().contact();
    return world_.store.read([&](const store::ReadTransaction& tx) {
      std::map<std::string, std::int64_t> out;
      out["agents"] = tx.agents().list({}, visible, contact, {10, ""}).total;
      out["totals"] = tx.agents().totals(visible, contact).total;
      out["security"] = tx.updates().totals(visible).security;
      store::UpdateFilter nginx;
      nginx.name = "nginx";
      out["rows"] =
          static_cast<std::int64_t>(tx.updates().list(nginx, visible, contact, {10, ""}).items.size());
      const auto groups = tx.updates().groups({}, visible, {10, ""});
      out["groups"] = groups.total - 1;
      for (const auto& group : groups.items) {
        if (group.key.name != "nginx") continue;
        out["in group"] = group.agents;
        out["approvable"] = group.approvable;
        out["by state"] = group.states.at("available");
      }
      out["commands"] = tx.commands().list({}, visible, {10, ""}).total;
      out["history"] = tx.events().countSince("command.ordered", 0, visible);
      for (const auto& agent : agents_)
        out["found"] += tx.agents().find(agent.agent_id, visible, contact) ? 1 : 0;
      for (const auto& id : commands_)
        out["command"] += tx.commands().find(id, visible) ? 1 : 0;
      for (const auto& found : tx.commands().findAll(commands_, visible))
        out["one of many commands"] += found ? 1 : 0;
      std::set<std::string> told;
      for (const auto& event : tx.events().after(0, 1000, visible)) {
        const Json data = parseJson(event.data).value();
        if (data.contains("agent_id")) told.insert(data["agent_id"].get<std::string>());
      }
      out["events"] = static_cast<std::int64_t>(told.size());
      return out;
    });
  }

  World world_;
  std::vector<store::AgentKey> agents_;
  std::vector<std::string> commands_;
  Grants of_client_;
  Grants of_site_;
};

TEST_F(WhatIsSeen, D12_is_the_same_in_every_query) {
  const std::vector<std::pair<Visible, std::int64_t>> views = {
      {Visible::everything(), 3},
      {of_client_.visible(), 2},
      {of_site_.visible(), 1},
      {Grants({{"viewer", agents_[0].client_id, ""}, {"viewer", agents_[1].client_id, agents_[1].site_id}})
           .visible(),
       2},
      {Visible(), 0}};
  for (const auto& [visible, count] : views) {
    for (const auto& [query, counted] : countedBy(visible)) {
      const bool none = query == "groups" && count == 0;
      EXPECT_EQ(counted, none ? -1 : count) << query;
    }
  }
}

TEST_F(WhatIsSeen, clients_and_tokens_are_told_of_with_the_sites_that_are_seen) {
  const auto names = [&](const Visible& visible) {
    std::string out;
    world_.store.read([&](const store::ReadTransaction& tx) {
      for (const auto& client : tx.agents().clients(visible)) {
        out += client.name + ":";
        for (const auto& site : client.sites)
          out += " " + site.name;
        out += ";";
      }
    });
    return out;
  };
  EXPECT_EQ(names(of_client_.visible()), "Zenith: Elsewhere Nearby;");
  EXPECT_EQ(names(of_site_.visible()), "Zenith: Elsewhere;");
  EXPECT_EQ(names(Visible()), "");
  EXPECT_EQ(world_.services.enrolment.tokens({"c", of_client_}).size(), 2U);
  EXPECT_TRUE(world_.services.enrolment.tokens({"s", of_site_}).empty()) << "an approver makes none";
}

TEST_F(WhatIsSeen, a_group_is_approved_where_the_role_suffices) {
  const services::Actor actor{
      "mixed", Grants({{"viewer", "", ""}, {"approver", agents_[1].client_id, agents_[1].site_id}})};
  services::Selection selection;
  selection.group = store::UpdateGroupKey{"apt", "nginx", "amd64", "1.1"};
  const auto outcome = world_.services.approvals.approve(selection, actor);
  EXPECT_EQ(outcome.approved, 1U);
  ASSERT_EQ(outcome.skipped.size(), 2U);
  EXPECT_EQ(outcome.skipped[0].reason.code, "role.insufficient");
  EXPECT_EQ(world_.stateOf(agents_[1], "nginx", "1.1"), "approved");
  EXPECT_EQ(world_.stateOf(agents_[2], "nginx", "1.1"), "available");
}

TEST_F(WhatIsSeen, a_stream_does_not_read_again_what_it_left_out) {
  events::Outbox outbox(world_.store);
  http::Principal reader;
  reader.kind = http::Principal::Kind::kUser;
  reader.grants = of_site_;
  const auto batch = outbox.eventsAfter(0, 1000, reader);
  EXPECT_EQ(batch.read_to, outbox.newestEvent());
  EXPECT_LT(batch.events.size(), static_cast<std::size_t>(batch.read_to));
  const auto first = outbox.eventsAfter(0, 1, reader);
  ASSERT_EQ(first.events.size(), 1U);
  EXPECT_EQ(first.read_to, first.events[0].seq);
}

}  // namespace
}  // namespace redflag::testing
