// Many rows approved in one request: as if each were approved alone, and in few statements.
#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "store/audit_chain.h"
#include "support/counting_store.h"
#include "support/interrupted_types.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

constexpr int kMachines = 150;

struct Fleet {
  explicit Fleet(int machines, commands::CommandTypes* types = nullptr) : world(types) {
    for (int i = 0; i < machines; ++i) {
      const bool report = i % 10 == 3;
      agents.push_back(world.enrol("host-" + std::to_string(i), report ? "report" : "act"));
      Row nginx{"nginx", "1.1"};
      if (i % 10 == 7) nginx.blocked_by = "held";
      world.scan(agents.back(), {.records = {updateRow(nginx), updateRow({"curl", "8.1"})}});
    }
  }
  std::vector<std::string> rows(const std::string& name, const std::string& version, std::size_t from,
                                std::size_t count) {
    std::vector<std::string> ids;
    for (std::size_t i = from; i < from + count; ++i)
      ids.push_back(world.update(agents[i], name, version).id);
    return ids;
  }

  World world;
  std::vector<store::AgentKey> agents;
};

bool isOfApprovals(const std::string& kind) {
  return kind.starts_with("update") || kind.starts_with("command");
}

// All that an approval leaves behind on a machine, but for ids.
Json pictureOf(World& world, const store::AgentKey& agent) {
  Json out = Json::array();
  store::UpdateFilter filter;
  filter.agent_id = agent.agent_id;
  for (const auto& update : world.updates(filter)) {
    out.push_back({update.record.name, store::name(update.state), update.state_since, update.reason.code,
                   update.reason.text, update.command_state, update.command_id.empty()});
  }
  world.store.read([&](const store::ReadTransaction& tx) {
    store::CommandFilter commands;
    commands.agent_id = agent.agent_id;
    for (const auto& command : tx.commands().list(commands, http::Visible::everything(), {100, ""}).items) {
      Json steps = Json::array();
      for (const auto& step : tx.commands().transitions(command))
        steps.push_back({step.from, step.to, step.at, step.actor, step.reason.code});
      Json bound = Json::array();
      for (const auto& one : tx.commands().approved(agent, command.approval_id))
        bound.push_back({one.manager, one.key, one.name, one.arch, one.version});
      out.push_back({command.type, command.title, store::name(command.state), command.state_since,
                     command.created_at, command.actor, command.not_before, command.expires_at,
                     command.valid_until, command.gives_up_at, command.timeout_ns, command.parameters,
                     command.actions, command.dedup_key, command.attempt, steps, bound});
    }
  });
  for (const auto& one : world.history(agent))
    if (isOfApprovals(one.kind))
      out.push_back({one.seq, one.at, one.subsystem, one.actor, one.kind, one.text, one.code, one.severity});
  return out;
}

// What was told of each machine: in the audit log and to whoever watches.
std::map<std::string, Json> toldOf(Fleet& fleet) {
  std::map<std::string, Json> out;
  fleet.world.store.read([&](const store::ReadTransaction& tx) {
    const auto verdict = store::verifyAudit(tx, std::nullopt);
    EXPECT_TRUE(verdict.ok) << verdict.text;
    std::map<std::string, std::string> hostnames;
    for (std::size_t i = 0; i < fleet.agents.size(); ++i)
      hostnames[fleet.agents[i].agent_id] = "host-" + std::to_string(i);
    for (const auto& one : tx.audit().after(0, 10'000))
      if (isOfApprovals(one.kind))
        out[hostnames[one.agent_id]].push_back({one.at, one.actor, one.kind, one.text, one.severity});
    for (const auto& event : tx.events().after(0, 10'000, http::Visible::everything())) {
      if (!isOfApprovals(event.type)) continue;
      Json data = parseJson(event.data).value();
      const std::string hostname = hostnames[data.value("agent_id", "")];
      for (const char* id : {"agent_id", "command_id", "scan_id"})
        data.erase(id);
      out[hostname].push_back({event.type, data});
    }
  });
  return out;
}

using Skipped = std::map<std::pair<std::string, std::string>, std::string>;  // (hostname, name): code

void note(Skipped& skipped, const services::ApprovalOutcome& outcome) {
  for (const auto& one : outcome.skipped)
    skipped[{one.hostname, one.name}] = one.reason.code;
}

TEST(ApprovingMany, leaves_behind_what_as_many_single_approvals_leave) {
  Fleet together(kMachines);
  Fleet alone(kMachines);
  const auto ids = together.rows("nginx", "1.1", 0, kMachines);
  const services::Selection all{ids, std::nullopt};
  const auto promised = together.world.services.approvals.preview(all, together.world.approver);
  const auto outcome = together.world.services.approvals.approve(all, together.world.approver);
  EXPECT_EQ(promised.approved, outcome.approved);
  EXPECT_EQ(promised.agents, outcome.agents);
  Skipped skipped;
  Skipped foreseen;
  note(skipped, outcome);
  note(foreseen, promised);
  EXPECT_EQ(skipped, foreseen);
  EXPECT_EQ(skipped.size(), 30U);
  std::size_t approved = 0;
  Skipped skipped_alone;
  for (const auto& id : alone.rows("nginx", "1.1", 0, kMachines)) {
    const auto one = alone.world.services.approvals.approve({{id}, std::nullopt}, alone.world.approver);
    approved += one.approved;
    note(skipped_alone, one);
  }
  EXPECT_EQ(outcome.approved, approved);
  EXPECT_EQ(outcome.agents, approved);
  EXPECT_EQ(outcome.command_ids.size(), approved);
  EXPECT_EQ(skipped, skipped_alone);
  for (std::size_t i = 0; i < kMachines; ++i) {
    EXPECT_EQ(pictureOf(together.world, together.agents[i]), pictureOf(alone.world, alone.agents[i]))
        << "host-" << i;
  }
  EXPECT_EQ(toldOf(together), toldOf(alone));
  // Each of them: where other servers may be, whoever has not come after a while is rung for again.
  const auto rung = [](const Fleet& fleet) {
    const auto& ids_rung = fleet.world.streams.rung;
    return std::set<std::string>(ids_rung.begin(), ids_rung.end()).size();
  };
  EXPECT_EQ(rung(together), outcome.agents);
  EXPECT_EQ(rung(alone), outcome.agents);
}

// The services of a world on a store that counts.
struct Counted {
  explicit Counted(World& world)
      : store(world.database.connect()),
        context{store,
                world.services.context().types,
                world.services.context().signer,
                world.services.context().bundle,
                world.services.context().epoch,
                world.services.context().bell,
                world.services.context().clock},
        orders(context),
        approvals(context, orders),
        second_person(context, orders) {}

  CountingStore store;
  services::Context context;
  services::Orders orders;
  services::Approvals approvals;
  services::SecondPerson second_person;
};

TEST(ApprovingMany, takes_statements_by_64_rows_and_not_by_one) {
  Fleet fleet(256);
  Counted counted(fleet.world);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < fleet.agents.size(); ++i)
    if (i % 10 != 3) ids.push_back(fleet.world.update(fleet.agents[i], "curl", "8.1").id);
  const auto statementsFor = [&](std::size_t from, std::size_t count) {
    const auto first = ids.begin() + static_cast<std::ptrdiff_t>(from);
    const services::Selection some{{first, first + static_cast<std::ptrdiff_t>(count)}, std::nullopt};
    return counted.store.statementsOf(
        [&] { EXPECT_EQ(counted.approvals.approve(some, fleet.world.approver).approved, count); });
  };
  const std::size_t of_64 = statementsFor(0, 64);
  const std::size_t of_128 = statementsFor(64, 128);
  // Recipients, the same orders, orders, their updates and transitions, states, approvals; and of history,
  // audit log and outbox twice as many.
  EXPECT_LE(of_128 - of_64, 7 + 3 * 2U);
  EXPECT_LE(of_64, 13 + 8U);
}

TEST(OrderingForMany, takes_statements_by_64_machines_and_not_by_one) {
  Fleet fleet(192);
  Counted counted(fleet.world);
  std::vector<std::string> agent_ids;
  for (const auto& agent : fleet.agents)
    agent_ids.push_back(agent.agent_id);
  const auto statementsFor = [&](std::size_t from, std::size_t count) {
    const auto first = agent_ids.begin() + static_cast<std::ptrdiff_t>(from);
    const std::vector<std::string> some(first, first + static_cast<std::ptrdiff_t>(count));
    std::vector<store::Command> placed;
    const std::size_t statements = counted.store.statementsOf([&] {
      placed = counted.orders.order("scan", some, {{"plugins", {"apt"}}}, fleet.world.admin);
    });
    EXPECT_EQ(placed.size(), count);
    for (std::size_t i = 0; i < placed.size(); ++i) {
      EXPECT_EQ(placed[i].agent_id, some[i]) << "in the order in which they were named";
      EXPECT_EQ(placed[i].state, store::CommandState::kQueued);
    }
    return statements;
  };
  const std::size_t of_64 = statementsFor(0, 64);
  const std::size_t of_128 = statementsFor(64, 128);
  // Recipients, the same orders, orders, their transitions, and what was placed; history, audit log, outbox.
  // Recipients, the same orders, orders, transitions, what was placed; and history, audit log and outbox.
  EXPECT_LE(of_128 - of_64, 5 + 3U);
}

TEST(ApprovingMany, may_wait_for_a_second_person_who_approves_or_declines_all_of_it_at_once) {
  Fleet fleet(72);
  auto& world = fleet.world;
  const services::Actor admin{"ada", http::Grants::everywhere("admin"), true, newId(), ""};
  const auto person = [&](const std::string& name) {
    const auto grants = http::Grants::everywhere("approver");
    const auto account = world.services.users.add("person", name, "hash", grants, admin);
    return services::Actor{name, grants, true, account.id, account.id};
  };
  const auto erin = person("erin");
  const auto paul = person("paul");
  world.services.second_person.setRule("high", 2, admin);
  const auto ordered = [&](const std::string& name, const std::string& version) {
    const services::Selection all{fleet.rows(name, version, 0, fleet.agents.size()), std::nullopt};
    const auto outcome = world.services.approvals.approve(all, erin);
    EXPECT_TRUE(outcome.awaiting_approval);
    return outcome.command_ids;
  };
  const auto stateOfAll = [&](const std::vector<std::string>& ids) {
    std::set<std::string> states;
    for (const auto& id : ids)
      states.insert(store::name(world.command(id).state));
    return states;
  };
  const auto approved = ordered("curl", "8.1");
  const auto declined = ordered("nginx", "1.1");
  ASSERT_EQ(approved.size(), 65U) << "one more than goes into a statement";
  EXPECT_EQ(stateOfAll(approved), std::set<std::string>{"awaiting_approval"});
  EXPECT_TRUE(world.streams.rung.empty());
  Counted counted(world);
  const std::size_t to_approve = counted.store.statementsOf([&] {
    EXPECT_EQ(counted.second_person.approve(world.command(approved[0]).order_id, "agreed", paul), 65U);
  });
  EXPECT_LT(to_approve, 40U);
  EXPECT_EQ(stateOfAll(approved), std::set<std::string>{"queued"});
  EXPECT_EQ(world.command(approved[64]).approved_by, "paul");
  EXPECT_EQ(world.streams.rung.size(), 65U);
  const std::size_t to_decline = counted.store.statementsOf([&] {
    EXPECT_EQ(counted.second_person.decline(world.command(declined[0]).order_id, "no", paul),
              declined.size());
  });
  EXPECT_LT(to_decline, 50U);
  EXPECT_EQ(stateOfAll(declined), std::set<std::string>{"cancelled"});
  std::vector<std::string> steps;
  const auto one = world.command(approved[7]);
  world.store.read([&](const store::ReadTransaction& tx) {
    for (const auto& step : tx.commands().transitions(one))
      steps.push_back(step.from + ">" + step.to);
    EXPECT_TRUE(store::verifyAudit(tx, std::nullopt).ok);
  });
  EXPECT_EQ(steps, (std::vector<std::string>{">awaiting_approval", "awaiting_approval>scheduled",
                                             "scheduled>queued"}));
}

TEST(ApprovingMany, leaves_out_what_somebody_else_approved_meanwhile_and_approves_the_rest) {
  InterruptedTypes types;
  Fleet fleet(3, &types);
  auto& approvals = fleet.world.services.approvals;
  const auto ids = fleet.rows("curl", "8.1", 0, 3);
  types.meanwhile = [&] { fleet.world.approve({ids[1]}); };
  const auto outcome = approvals.approve({ids, std::nullopt}, fleet.world.approver);
  EXPECT_EQ(outcome.approved, 2U);
  ASSERT_EQ(outcome.skipped.size(), 1U);
  EXPECT_EQ(outcome.skipped[0].update_id, ids[1]);
  EXPECT_EQ(outcome.skipped[0].reason.code, "update.in_flight");
  EXPECT_EQ(outcome.command_ids.size(), 2U);
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t told = 0;
    for (const auto& one : fleet.world.history(fleet.agents[i]))
      told += one.kind == "update.approved" ? 1U : 0U;
    EXPECT_EQ(told, 1U) << "what was tried in vain left nothing behind";
  }
}

TEST(ApprovingMany, may_be_left_to_somebody_else_to_order) {
  Fleet fleet(20);
  auto& approvals = fleet.world.services.approvals;
  const services::Selection all{fleet.rows("curl", "8.1", 0, 20), std::nullopt};
  const auto outcome =
      approvals.approve(all, fleet.world.approver, {}, services::Approvals::How::kOnlyApprove);
  EXPECT_EQ(outcome.approved, 18U);
  EXPECT_EQ(outcome.skipped.size(), 2U);
  EXPECT_TRUE(outcome.command_ids.empty());
  EXPECT_THROW(fleet.world.newest("plan_updates"), std::runtime_error);
  EXPECT_EQ(fleet.world.stateOf(fleet.agents[0], "curl", "8.1"), "cleared");
  EXPECT_EQ(fleet.world.stateOf(fleet.agents[3], "curl", "8.1"), "available");
  EXPECT_EQ(approvals.approve(all, fleet.world.approver).approved, 18U);
  EXPECT_EQ(fleet.world.stateOf(fleet.agents[0], "curl", "8.1"), "approved");
}

TEST(ApprovingMany, of_more_updates_than_one_order_takes_the_rest_is_left_with_a_reason) {
  World world;
  const auto agent = world.enrol();
  std::vector<Json> rows;
  for (std::size_t i = 0; i <= protocol::kMaxOrderedUpdates; ++i)
    rows.push_back(updateRow({"package-" + std::to_string(i), "1.1"}));
  world.scan(agent, {.records = rows});
  std::vector<std::string> ids;
  world.store.read([&](const store::ReadTransaction& tx) {
    store::UpdateFilter filter;
    filter.agent_id = agent.agent_id;
    store::PageRequest page{500, ""};
    do {
      const auto part =
          tx.updates().list(filter, http::Visible::everything(), world.services.context().contact(), page);
      for (const auto& update : part.items)
        ids.push_back(update.id);
      page.cursor = part.next_cursor;
    } while (!page.cursor.empty());
  });
  ASSERT_EQ(ids.size(), protocol::kMaxOrderedUpdates + 1);
  const auto outcome = world.approve(ids);
  EXPECT_EQ(outcome.approved, protocol::kMaxOrderedUpdates);
  ASSERT_EQ(outcome.command_ids.size(), 1U);
  ASSERT_EQ(outcome.skipped.size(), 1U);
  EXPECT_EQ(outcome.skipped[0].reason.code, "approval.too_many_of_one");
  EXPECT_NE(outcome.skipped[0].reason.text.find("at most 5000"), std::string::npos);
}

}  // namespace
}  // namespace redflag::testing
