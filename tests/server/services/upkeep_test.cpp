#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/metrics.h"
#include "store/sql/tables.h"
#include "store/sqlite/connection.h"
#include "support/world.h"
#include "trust/ceremony.h"
#include "trust/keeper.h"

namespace redflag::testing {
namespace {

std::int64_t rowsOf(const World& world, const std::string& table) {
  const auto connection = world.database.connect();
  auto rows = connection->query("SELECT COUNT(*) FROM " + table);
  rows.next();
  return rows.integer();
}

TEST(Retention, whatever_is_too_old_goes_in_one_round_however_much_it_is) {
  World world;
  const auto agent = world.enrol();
  world.store.write([&](store::WriteTransaction& tx) {
    store::HistoryEntry entry;
    entry.kind = "scan.merged";
    for (int i = 0; i < 7'000; ++i) {
      entry.at = world.clock.now;
      tx.events().record(agent.client_id, agent.agent_id, entry);
    }
    tx.commands().addApprovals("approval", {{agent, {"gone", "apt", "nginx", "nginx", "amd64", "1"}}}, "ada",
                               world.clock.now);
    tx.people().rememberAnswer("ada", "key", {"hash", 201, "{}"}, world.clock.now);
    EXPECT_TRUE(tx.scans().takeItem(agent, "item", world.clock.now));
  });
  world.services.upkeep.round();
  EXPECT_GE(rowsOf(world, "history"), 7'000);
  EXPECT_EQ(rowsOf(world, "approvals"), 1);

  world.clock.advance_s(91 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "history"), 1) << "that it is silent now";
  for (const char* table : {"approvals", "answers", "upload_items", "enrolment_tokens", "enrolment_seats"})
    EXPECT_EQ(rowsOf(world, table), 0) << table;
  EXPECT_EQ(rowsOf(world, "agents"), 1) << "an agent outlives the token it came with";
}

// All agents come back in the first minute, and nobody else writes while something is forgotten.
TEST(Retention, does_not_begin_right_behind_a_start) {
  World world;
  const auto agent = world.enrol();
  world.mustTake(agent, {world.statusItem("alpha", "act")});
  world.clock.advance_s(91 * kDay);
  world.services.upkeep.start();
  world.services.upkeep.stop();
  world.services.upkeep.round();
  EXPECT_GT(rowsOf(world, "upload_items"), 0);
  world.clock.advance_s(120);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "upload_items"), 0);
}

TEST(Upkeep, goes_on_behind_a_part_that_fails_at_every_round) {
  World world;
  const auto agent = world.enrol();
  world.mustTake(agent, {world.statusItem("alpha", "act")});
  services::Context failing = world.services.context();
  int rounds = 0;
  failing.each_round = [&rounds] {
    ++rounds;
    throw http::Problem{400, "row.unreadable", "a row that nobody can read"};
  };
  services::Services services(failing);
  world.clock.advance_s(91 * kDay);
  ASSERT_GT(rowsOf(world, "upload_items"), 0);
  services.upkeep.round();
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(rowsOf(world, "upload_items"), 0) << "what is old was forgotten all the same";
}

TEST(Upkeep, ends_the_round_where_the_store_takes_nothing) {
  World world;
  const auto agent = world.enrol();
  world.mustTake(agent, {world.statusItem("alpha", "act")});
  services::Context failing = world.services.context();
  failing.each_round = [] { throw http::Problem{503, "store.unavailable", "no store", "", 2}; };
  services::Services services(failing);
  world.clock.advance_s(91 * kDay);
  EXPECT_THROW(services.upkeep.round(), http::Problem);
  EXPECT_GT(rowsOf(world, "upload_items"), 0);
}

// A store of which each write takes 40 s.
class SlowStore : public store::Store {
 public:
  SlowStore(store::Store& inner, ManualClock& clock) : inner_(inner), clock_(clock) {}
  std::int64_t settledEvents() const override { return inner_.settledEvents(); }
  void onOutbox(std::function<void()> listener) override { inner_.onOutbox(std::move(listener)); }

 protected:
  void runRead(const std::function<void(const store::ReadTransaction&)>& work) const override {
    static_cast<const store::Store&>(inner_).read(work);
  }
  void runWrite(const std::string& whose,
                const std::function<void(store::WriteTransaction&)>& work) override {
    inner_.writeOf(whose, work);
    clock_.advance_s(40);
  }

 private:
  store::Store& inner_;
  ManualClock& clock_;
};

TEST(Upkeep, tells_other_servers_that_this_one_is_there_while_it_forgets_much) {
  World world;
  const auto agent = world.enrol();
  world.store.write([&](store::WriteTransaction& tx) {
    store::HistoryEntry entry;
    entry.kind = "scan.merged";
    entry.at = world.clock.now;
    for (int i = 0; i < 9'000; ++i)
      tx.events().record(agent.client_id, agent.agent_id, entry);
  });
  world.clock.advance_s(91 * kDay);
  SlowStore slow(world.store, world.clock);
  const services::Context usual = world.services.context();
  const services::Context waiting{slow,        usual.types, usual.signer, usual.bundle,
                                  usual.epoch, usual.bell,  usual.clock,  usual.settings};
  services::Services services(waiting);
  const std::int64_t began_at = world.clock.now;
  services.upkeep.round();
  ASSERT_GT(world.clock.now - began_at, 200 * kSecondNs);
  const auto servers =
      world.store.read([](const store::ReadTransaction& tx) { return tx.agents().servers(); });
  ASSERT_EQ(servers.size(), 1U);
  EXPECT_LT(world.clock.now - servers[0].renewed_at, 120 * kSecondNs);
}

TEST(Retention, metrics_lose_their_points_after_two_weeks_and_their_days_after_a_year) {
  World world;
  const auto agent = world.enrol();
  world.store.write([&](store::WriteTransaction& tx) {
    tx.metrics().set(agent, {"free_bytes", "", 1}, world.clock.now, world.clock.now);
  });
  world.clock.advance_s(13 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "metric_points"), 1);
  world.clock.advance_s(2 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "metric_points"), 0);
  EXPECT_EQ(rowsOf(world, "metric_days"), 1);
  world.clock.advance_s(390 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "metric_days"), 0);
  EXPECT_EQ(rowsOf(world, "metrics"), 0) << "nobody measures it any more";
}

TEST(Retention, a_metric_that_is_still_measured_stays_when_its_first_days_go) {
  World world;
  const auto agent = world.enrol();
  for (int i = 0; i < 2; ++i) {
    world.store.write([&](store::WriteTransaction& tx) {
      tx.metrics().set(agent, {"free_bytes", "", 1}, world.clock.now, world.clock.now);
    });
    world.clock.advance_s(300 * kDay);
  }
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "metric_days"), 1);
  EXPECT_EQ(rowsOf(world, "metrics"), 1);
}

TEST(Retention, an_item_that_never_came_whole_goes_a_week_after_its_last_part_with_all_of_them) {
  World world;
  const auto agent = world.enrol();
  const Json item = world.scanItem({.records = {updateRow({"nginx", "1.1"})}});
  const std::string text = dumpJson(item);
  const auto send = [&](std::size_t part) {
    const std::size_t size = text.size() / 3 + 1;
    return world.upload(agent, {{{"kind", "part"},
                                 {"id", item["id"]},
                                 {"part", part},
                                 {"parts", 3},
                                 {"text", text.substr(part * size, size)}}});
  };
  send(0);
  world.clock.advance_s(6 * kDay);
  send(1);
  world.clock.advance_s(6 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "upload_parts"), 2) << "the first one is nothing without the second";
  EXPECT_EQ(send(2).acknowledged.size(), 1U);
  const Json other = world.scanItem({});
  world.upload(
      agent, {{{"kind", "part"}, {"id", other["id"]}, {"part", 0}, {"parts", 2}, {"text", dumpJson(other)}}});
  world.clock.advance_s(6 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "upload_parts"), 1);
  world.clock.advance_s(2 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "upload_parts"), 0);
}

TEST(Retention, an_approval_stays_as_long_as_its_update) {
  World world;
  const auto agent = world.enrol();
  world.scan(agent, {.records = {updateRow({"nginx", "2.0"})}});
  const std::string id = world.update(agent, "nginx", "2.0").id;
  world.store.write([&](store::WriteTransaction& tx) {
    tx.commands().addApprovals("approval", {{agent, {id, "apt", "nginx", "nginx", "amd64", "2.0"}}}, "ada",
                               world.clock.now);
  });
  world.clock.advance_s(200 * kDay);
  world.services.upkeep.round();
  EXPECT_EQ(rowsOf(world, "approvals"), 1);
}

// A new table has to be put into one of the lists, and so somebody has to say why it does not grow for ever.
TEST(Retention, knows_of_every_table_why_it_does_not_grow_without_end) {
  const std::set<std::string> as_many_as_there_are = {
      // people and places
      "meta", "clients", "sites", "users", "user_grants", "second_factors", "recovery_codes",
      "schema_migrations", "audit_chain", "rate_limits", "schedules", "second_person", "approval_policies",
      "maintenance_windows", "profiles", "agent_groups", "agent_group_members",
      // agents, and what each has one of: a plugin, a scope, a name
      "servers", "agents", "agent_settings", "agent_plugins", "agent_lines", "breakers", "scan_scopes",
      "scan_texts", "facts", "metrics", "records"};
  const std::set<std::string> pruned = {
      "answers",         "upload_items",     "scans",           "updates",
      "approvals",       "commands",         "command_updates", "command_transitions",
      "command_log",     "history",          "outbox",          "enrolment_tokens",
      "enrolment_seats", "sessions",         "metric_points",   "metric_days",
      "api_tokens",      "pending_sign_ins", "audit",           "schedule_runs",
      "ignore_rules",    "errors",           "window_notices",  "upload_parts"};
  const Folder folder;
  const auto file = folder / "redflag.db";
  store::openStore({file, ""});
  store::sqlite::Connection connection(file, store::sqlite::Connection::Role::kReader);
  for (const auto& table : store::sql::tablesOf(connection))
    EXPECT_EQ(as_many_as_there_are.count(table.name) + pruned.count(table.name), 1U) << table.name;
}

class Rings : public trust::Ceremony {
 protected:
  Rings() {
    world_.clock.now = trust::kNow;
    world_.streams.listening = {"a", "b"};
  }
  services::Context context() {
    services::Context context = world_.services.context();
    context.trust = &keeper_;
    return context;
  }
  // How often agents were rung in a round five seconds later.
  std::size_t inNextRound() {
    world_.streams.rung.clear();
    world_.clock.advance_s(5);
    services_.upkeep.round();
    return world_.streams.rung.size();
  }
  void publish(trust::KeyFolder& keys, std::int64_t epoch) {
    trust::ListChange change;
    change.restore_epoch = epoch;
    keys.changeList(change, world_.clock.now);
    signAndPublish(keys);
  }

  World world_;
  trust::Repository repository_{repository()};
  trust::Keeper keeper_{repository_, folder_ / "restored"};
  services::Services services_{context()};
};

TEST_F(Rings, every_connected_agent_once_for_each_list_that_is_published) {
  trust::KeyFolder keys = made();
  EXPECT_EQ(inNextRound(), 0U) << "there is none";
  signAndPublish(keys);
  EXPECT_EQ(inNextRound(), 0U) << "who has connected since the start has asked for this one";
  EXPECT_EQ(inNextRound(), 0U);
  publish(keys, 1);
  EXPECT_EQ(inNextRound(), 2U);
  EXPECT_EQ(world_.streams.rung, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(inNextRound(), 0U);
}

TEST_F(Rings, every_connected_agent_once_what_was_published_can_be_read_again) {
  trust::KeyFolder keys = made();
  signAndPublish(keys);
  inNextRound();
  const auto metadata = folder_ / "trust" / "metadata";
  ASSERT_TRUE(std::filesystem::exists(metadata));
  std::filesystem::rename(metadata, folder_ / "away");
  EXPECT_EQ(inNextRound(), 0U);
  EXPECT_EQ(keeper_.published(), nullptr) << "orders are held back";
  std::filesystem::rename(folder_ / "away", metadata);
  EXPECT_EQ(inNextRound(), 2U) << "who asked meanwhile got none";
  EXPECT_EQ(inNextRound(), 0U);
}

TEST_F(Rings, many_agents_in_turn_and_all_of_them) {
  trust::KeyFolder keys = made();
  signAndPublish(keys);
  inNextRound();
  world_.streams.listening.assign(250, "agent");
  publish(keys, 1);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(inNextRound(), 250U);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(200)) << "not all at once";
}

}  // namespace
}  // namespace redflag::testing
