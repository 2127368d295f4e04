// What went wrong is counted by kind, for whoever may see it; on both engines.
#include "store/errors.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/encoding.h"
#include "services/error_log.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

using http::Grants;
using http::Visible;

Json breaker(const World& world, const std::string& plugin, const std::string& code,
             const std::string& text) {
  return {{"kind", "breaker"},     {"id", newId()},    {"at", toRfc3339(world.clock.now)},
          {"plugin", plugin},      {"to", "open"},     {"interface", "rf.scanner/1"},
          {"plugin_version", "1"}, {"from", "closed"}, {"class", "crash"},
          {"code", code},          {"text", text}};
}

class ErrorsKept : public ::testing::Test {
 protected:
  std::vector<store::ErrorGroup> groups(const store::ErrorFilter& filter = {},
                                        const Visible& visible = Visible::everything()) {
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.errors().groups(filter, visible, {100, ""}).items;
    });
  }
  void note(const store::ErrorNote& one) {
    world.store.write([&](store::WriteTransaction& tx) { tx.errors().note(one); });
  }
  store::ErrorNote ofServer(const std::string& text) {
    store::ErrorNote one;
    one.at = world.clock.now;
    one.source = "server";
    one.subsystem = "store";
    one.kind = "server.error";
    one.text = text;
    return one;
  }

  World world;
};

TEST_F(ErrorsKept, what_an_agent_reports_is_counted_by_kind_and_machine) {
  const auto alpha = world.enrol("alpha");
  const auto beta = world.enrol("beta");
  world.mustTake(alpha, {breaker(world, "docker", "run.crash", "ended with signal 11 after 31 ms")});
  world.clock.advance_s(60);
  world.mustTake(alpha, {breaker(world, "docker", "run.crash", "ended with signal 11 after 7 ms")});
  world.mustTake(beta, {breaker(world, "docker", "run.crash", "ended with signal 11 after 8 ms")});
  world.mustTake(beta, {breaker(world, "apt", "run.hang", "did not end")});
  store::ErrorFilter filter;
  filter.subsystem = "breaker";
  filter.sort = "worst";
  const auto found = groups(filter);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].code, "run.crash");
  EXPECT_EQ(found[0].severity, "error");
  EXPECT_EQ(found[0].agents, 2);
  EXPECT_EQ(found[0].times, 3);
  EXPECT_EQ(found[0].last_at - found[0].first_at, 60 * kSecondNs);
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto rows = tx.errors().rows(found[0].id, Visible::everything(), 10);
    ASSERT_EQ(rows.size(), 2U);
    std::map<std::string, std::int64_t> times;
    for (const auto& row : rows)
      times[row.hostname] = row.times;
    EXPECT_EQ(times, (std::map<std::string, std::int64_t>{{"alpha", 2}, {"beta", 1}}));
  });
}

TEST_F(ErrorsKept, of_one_machine_are_counted_and_listed_for_it_alone) {
  const auto alpha = world.enrol("alpha");
  const auto beta = world.enrol("beta");
  const auto gamma = world.enrol("gamma");
  for (const auto& agent : {alpha, beta, beta})
    world.mustTake(agent, {breaker(world, "docker", "run.crash", "ended with signal 11")});
  store::ErrorFilter filter;
  filter.code = "run.crash";
  const std::string id = groups(filter).at(0).id;
  const Visible all = Visible::everything();
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto group = tx.errors().group(id, all, beta.agent_id);
    ASSERT_TRUE(group.has_value());
    EXPECT_EQ(group->agents, 1);
    EXPECT_EQ(group->times, 2);
    const auto rows = tx.errors().rows(id, all, 10, beta.agent_id);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].hostname, "beta");
    EXPECT_FALSE(tx.errors().group(id, all, gamma.agent_id).has_value());
    const auto stranger = Grants({{"viewer", newId(), ""}}).visible();
    EXPECT_FALSE(tx.errors().group(id, stranger, beta.agent_id).has_value());
    EXPECT_TRUE(tx.errors().rows(id, stranger, 10, beta.agent_id).empty());
  });
}

TEST_F(ErrorsKept, a_refused_order_and_a_failed_scan_are_among_them_with_what_they_belong_to) {
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("scan", {agent.agent_id}, {{"plugins", {"apt"}}}, world.technician).front();
  world.services.orders.fetch(agent);
  world.mustTake(agent, {{{"kind", "refusal"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"command_id", command.id},
                          {"code", "bad_signature"},
                          {"text", "not signed by <b>this</b> server"},
                          {"by", "kernel"}}});
  Json incomplete = world.scanItem({.scopes = {{"main", "transient"}}});
  incomplete["reports"] = {
      {{"status", "ok"}, {"code", "inputs.unchanged"}, {"text", "nothing that is read has changed"}},
      {{"status", "transient"}, {"code", "apt.no_lists"}, {"text", "main: its lists were never fetched"}}};
  world.mustTake(agent, {incomplete});
  std::map<std::string, store::ErrorGroup> by_kind;
  for (const auto& group : groups())
    by_kind[group.kind] = group;
  ASSERT_TRUE(by_kind.contains("command.refused"));
  EXPECT_NE(by_kind["command.refused"].text.find("<b>this</b>"), std::string::npos) << "nothing is sanitised";
  EXPECT_EQ(by_kind["scan.incomplete"].severity, "warning");
  EXPECT_EQ(by_kind["scan.incomplete"].code, "apt.no_lists");
  EXPECT_EQ(by_kind["scan.incomplete"].text.find("has changed"), std::string::npos)
      << by_kind["scan.incomplete"].text;
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto rows = tx.errors().rows(by_kind["command.refused"].id, Visible::everything(), 10);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].newest.command_id, command.id);
    EXPECT_FALSE(
        tx.errors().rows(by_kind["scan.incomplete"].id, Visible::everything(), 10)[0].newest.scan_id.empty());
  });
}

TEST_F(ErrorsKept, are_seen_by_whoever_sees_the_machine_and_the_servers_by_who_sees_everything) {
  const auto agent = world.enrol();
  world.mustTake(agent, {breaker(world, "apt", "run.crash", "ended")});
  note(ofServer("the disk is gone"));
  EXPECT_EQ(groups().size(), 2U);
  const auto own = groups({}, Grants({{"viewer", agent.client_id, ""}}).visible());
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].source, "agent");
  EXPECT_EQ(groups({}, Grants({{"viewer", agent.client_id, agent.site_id}}).visible()).size(), 1U);
  const auto stranger = Grants({{"viewer", newId(), ""}}).visible();
  EXPECT_TRUE(groups({}, stranger).empty());
  world.store.read([&](const store::ReadTransaction& tx) {
    EXPECT_FALSE(tx.errors().group(own[0].id, stranger).has_value());
    EXPECT_TRUE(tx.errors().rows(own[0].id, stranger, 10).empty());
  });
}

TEST_F(ErrorsKept, the_kinds_of_one_machine_are_bounded_and_the_oldest_make_room) {
  const auto word = [](int i) {
    return std::string("kind ") + static_cast<char>('a' + i / 26) + static_cast<char>('a' + i % 26);
  };
  for (int i = 0; i < 230; ++i) {
    world.clock.advance_s(1);
    note(ofServer(word(i)));
  }
  store::ErrorFilter filter;
  const auto page = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.errors().groups(filter, Visible::everything(), {50, ""});
  });
  EXPECT_EQ(page.total, 200);
  EXPECT_EQ(page.items.front().text, word(229));
  filter.search = word(0);
  EXPECT_TRUE(groups(filter).empty());
}

TEST_F(ErrorsKept, every_page_of_every_order_has_each_kind_once) {
  const auto agent = world.enrol();
  for (char c = 'a'; c < 'i'; ++c) {
    world.mustTake(agent, {breaker(world, "apt", "run.crash", std::string("like ") + c)});
    for (char again = 'a'; again < c; ++again)
      note(ofServer(std::string("of the server ") + c));
  }
  for (const std::string sort : {"newest", "worst"}) {
    store::ErrorFilter filter;
    filter.sort = sort;
    std::set<std::string> seen;
    std::string cursor;
    do {
      const auto page = world.store.read([&](const store::ReadTransaction& tx) {
        return tx.errors().groups(filter, Visible::everything(), {4, cursor});
      });
      EXPECT_EQ(page.total, 15);
      for (const auto& group : page.items)
        EXPECT_TRUE(seen.insert(group.id).second) << sort;
      cursor = page.next_cursor;
    } while (!cursor.empty());
    EXPECT_EQ(seen.size(), 15U) << sort;
  }
}

TEST_F(ErrorsKept, are_forgotten_when_they_did_not_happen_for_long) {
  note(ofServer("once"));
  note(ofServer("again and again"));
  world.clock.advance_s(60 * 86'400);
  note(ofServer("again and again"));
  world.clock.advance_s(40 * 86'400);
  world.services.upkeep.round();
  store::ErrorFilter filter;
  filter.source = "server";
  const auto left = groups(filter);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].text, "again and again");
  EXPECT_EQ(left[0].times, 2);
}

TEST_F(ErrorsKept, an_agents_own_errors_are_stored_with_subsystem_code_machine_and_time) {
  const auto agent = world.enrol("alpha");
  const std::int64_t at = world.clock.now - 3'600 * kSecondNs;
  const auto error = [&](const std::string& subsystem, const std::string& code, std::int64_t when) {
    return Json{{"at", toRfc3339(when)},
                {"subsystem", subsystem},
                {"code", code},
                {"text", "order 01M8: the disk is full"},
                {"times", 3}};
  };
  const auto item = [&](const Json& errors) {
    return Json{{"kind", "errors"}, {"id", newId()}, {"at", toRfc3339(world.clock.now)}, {"errors", errors}};
  };
  const Json told = item({error("orders", "order.failed", at), error("spool", "", INT64_MAX / 2)});
  world.mustTake(agent, {told});
  world.mustTake(agent, {told});
  store::ErrorFilter filter;
  filter.agent_id = agent.agent_id;
  filter.subsystem = "orders";
  const auto found = groups(filter);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].source, "agent");
  EXPECT_EQ(found[0].code, "order.failed");
  EXPECT_EQ(found[0].times, 3) << "the same upload again is not counted again";
  EXPECT_EQ(found[0].last_at, at);
  filter.subsystem = "spool";
  EXPECT_LE(groups(filter).at(0).last_at, world.clock.now) << "whatever the machine's clock says";

  Json many = Json::array();
  for (int i = 0; i < 65; ++i)
    many.push_back(error("orders", "order.failed", at));
  Json shouted = error("orders\n", "order.failed", at);
  for (const Json& bad : {item(many), item({shouted}), item({Json::object()}), item({1})})
    EXPECT_EQ(world.upload(agent, {bad}).rejected.at(0).code, "item.invalid");
  filter.subsystem = "orders";
  EXPECT_EQ(groups(filter).at(0).times, 3);
}

TEST_F(ErrorsKept, lines_of_the_servers_log_are_one_row_a_kind_and_wait_for_a_store_that_is_away) {
  services::ErrorLog log(world.clock);
  for (int i = 0; i < 40; ++i)
    log.noteLine("settlement: scan: the host ended with " + std::to_string(i));
  log.noteLine(R"(request_id=01M8 error="vector::_M_range_check")");
  for (const char* id : {"01M9", "01MA"})
    log.noteLine("request_id=" + std::string(id) + " store: store.failed: the disk failed");
  log.write(world.store);
  store::ErrorFilter filter;
  filter.source = "server";
  filter.sort = "worst";
  const auto found = groups(filter);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].subsystem, "settlement");
  EXPECT_EQ(found[0].times, 40);
  EXPECT_EQ(found[1].subsystem, "store");
  EXPECT_EQ(found[1].code, "store.failed");
  EXPECT_EQ(found[1].text, "the disk failed");
  EXPECT_EQ(found[1].times, 2) << "of whatever request";
  world.store.read([&](const store::ReadTransaction& tx) {
    const auto rows = tx.errors().rows(found[1].id, Visible::everything(), 1);
    EXPECT_EQ(rows.at(0).newest.detail, "request_id=01M9 store: store.failed: the disk failed");
  });
  EXPECT_EQ(found[2].subsystem, "http");
  EXPECT_EQ(found[2].code, "internal");
  EXPECT_EQ(found[2].text, "vector::_M_range_check");
  log.write(world.store);
  EXPECT_EQ(groups(filter)[0].times, 40) << "once written, it is written";
}

TEST(ErrorOfLine, names_the_subsystem_and_the_code_where_a_line_does) {
  const auto one = services::errorOfLine("store: store.failed: the disk is full", 7);
  EXPECT_EQ(one.subsystem, "store");
  EXPECT_EQ(one.code, "store.failed");
  EXPECT_EQ(one.text, "the disk is full");
  EXPECT_EQ(one.detail, "store: store.failed: the disk is full");
  const auto plain = services::errorOfLine("Something odd: and more", 7);
  EXPECT_EQ(plain.subsystem, "server");
  EXPECT_EQ(plain.text, "Something odd: and more");
  EXPECT_EQ(services::errorOfLine("bad \xff byte", 7).text, "bad ? byte");
}

TEST(Fingerprint, tells_kinds_apart_and_not_numbers_or_names) {
  store::ErrorNote one;
  one.source = "agent";
  one.text = "apt: \"https://deb.example.org\" timed out after 31 s (id 01M8JG4A6V)";
  store::ErrorNote other = one;
  other.text = "apt: \"https://ppa.example.net\" timed out after 7 s (id 77XJG4A6V)";
  EXPECT_EQ(store::fingerprintOf(one), store::fingerprintOf(other));
  other.text = "dnf: \"https://ppa.example.net\" timed out after 7 s (id 77XJG4A6V)";
  EXPECT_NE(store::fingerprintOf(one), store::fingerprintOf(other));
  other = one;
  other.code = "apt.timeout";
  EXPECT_NE(store::fingerprintOf(one), store::fingerprintOf(other));
  EXPECT_EQ(store::fingerprintOf(one).size(), 26U);
}

}  // namespace
}  // namespace redflag::testing
