#include "services/uploads.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "http/message.h"
#include "store/scans.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

TEST(Uploads, a_bad_item_is_rejected_by_name_and_the_others_go_on) {
  World world;
  const auto agent = world.enrol();
  Json bad = world.scanItem({});
  bad["purpose"] = "mischief";
  const Json unknown = {{"kind", "poem"}, {"id", newId()}, {"at", toRfc3339(world.clock.now)}};
  const Json good = world.scanItem({.records = {updateRow({"nginx", "1.1"})}});
  const auto answer = world.upload(agent, {bad, unknown, good});
  EXPECT_EQ(answer.acknowledged, std::vector<std::string>{good["id"]});
  ASSERT_EQ(answer.rejected.size(), 2U);
  EXPECT_NE(answer.rejected[0].text.find("scan.purpose"), std::string::npos);
  EXPECT_EQ(answer.rejected[1].code, "item.unknown_kind");
  EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
}

TEST(Uploads, an_item_that_was_rejected_may_be_mended_and_sent_again) {
  World world;
  const auto agent = world.enrol();
  Json item = world.scanItem({});
  item["status"] = 7;
  EXPECT_EQ(world.upload(agent, {item}).rejected.size(), 1U);
  item["status"] = "ok";
  EXPECT_EQ(world.upload(agent, {item}).acknowledged.size(), 1U);
}

TEST(Uploads, an_unreadable_body_stores_nothing) {
  World world;
  const auto agent = world.enrol();
  const std::string deep(200, '[');
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string(R"({"items":[{"kind":"scan"}]})"),
        std::string(R"({"items":[],"more":1})"), std::string(R"({"items":[{"id":"x"}]})"), deep}) {
    EXPECT_THROW(world.services.uploads.take(agent, body), http::Problem) << body;
  }
}

TEST(Uploads, nobody_speaks_for_another_agents_command) {
  World world;
  const auto owner = world.enrol("owner");
  const auto liar = world.enrol("liar");
  const auto command =
      world.services.orders.order("scan", {owner.agent_id}, Json::object(), world.technician).front();
  const auto answer =
      world.upload(liar, {world.stateItem(command.id, "succeeded"), world.stateItem(newId(), "succeeded")});
  ASSERT_EQ(answer.rejected.size(), 2U);
  EXPECT_EQ(answer.rejected[0].code, answer.rejected[1].code)
      << "an order of somebody else is as unknown as none";
  EXPECT_EQ(world.command(command.id).state, store::CommandState::kQueued);
}

TEST(Uploads, the_same_item_id_of_two_agents_is_two_items) {
  World world;
  const auto one = world.enrol("one");
  const auto two = world.enrol("two");
  const Json item = world.scanItem({.records = {updateRow({"nginx", "1.1"})}});
  world.mustTake(one, {item});
  world.mustTake(two, {item});
  EXPECT_EQ(world.stateOf(two, "nginx", "1.1"), "available");
}

TEST(Uploads, hostile_texts_are_kept_as_they_are_or_refused) {
  World world;
  const auto agent = world.enrol();
  const std::string nasty = "'; DROP TABLE updates; --<script>alert(1)</script>%_\"\\";
  world.scan(agent, {.records = {updateRow({nasty, "1.1"})}});
  EXPECT_EQ(world.update(agent, nasty, "1.1").record.name, nasty);
  store::UpdateFilter filter;
  filter.search = "%";
  EXPECT_EQ(world.updates(filter).size(), 1U) << "a percent sign in a search means itself";
  filter.search = "x%y";
  EXPECT_TRUE(world.updates(filter).empty());
  for (const char* fake : {"bell\a",
                           "turned \xE2\x80\xAE"
                           "round"}) {
    const auto answer = world.upload(agent, {world.scanItem({.records = {updateRow({fake, "1"})}})});
    EXPECT_EQ(answer.rejected.size(), 1U) << fake;
  }
}

TEST(Uploads, a_status_that_names_a_plugin_twice_is_refused_by_name) {
  World world;
  const auto agent = world.enrol();
  Json status = world.statusItem("alpha", "act");
  status["plugins"].push_back(status["plugins"][0]);
  const auto answer = world.upload(agent, {status});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_EQ(answer.rejected[0].code, "item.invalid");
  EXPECT_NE(answer.rejected[0].text.find("each plugin once"), std::string::npos) << answer.rejected[0].text;
}

TEST(Uploads, log_lines_are_numbered_and_end_somewhere) {
  World world;
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("scan", {agent.agent_id}, Json::object(), world.technician).front();
  const auto item = [&](int count) {
    Json lines = Json::array();
    for (int i = 0; i < count; ++i)
      lines.push_back({{"at", toRfc3339(world.clock.now)}, {"text", "line"}});
    return Json{{"kind", "command_log"},    {"id", newId()},  {"at", toRfc3339(world.clock.now)},
                {"command_id", command.id}, {"lines", lines}, {"percent", 10},
                {"progress", "unpacking"}};
  };
  world.mustTake(agent, {item(2), item(3)});
  const auto lines = world.store.read(
      [&](const store::ReadTransaction& tx) { return tx.commands().log(world.command(command.id), 100); });
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines.back().seq, 5);
  EXPECT_EQ(world.command(command.id).percent, 10);
  EXPECT_EQ(world.command(command.id).progress, "unpacking");
  EXPECT_EQ(world.upload(agent, {item(2'001)}).rejected.size(), 1U);
}

TEST(Uploads, what_an_accepted_order_waits_for_is_forgotten_when_it_begins_and_what_it_does_then_is_kept) {
  World world;
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("scan", {agent.agent_id}, Json::object(), world.technician).front();
  world.services.orders.fetch(agent);
  const auto progress = [&](const std::string& text) {
    return Json{{"kind", "command_log"},    {"id", newId()},          {"at", toRfc3339(world.clock.now)},
                {"command_id", command.id}, {"lines", Json::array()}, {"progress", text}};
  };
  world.mustTake(agent, {world.stateItem(command.id, "accepted"), progress("a restart comes first")});
  EXPECT_EQ(world.command(command.id).progress, "a restart comes first");
  world.mustTake(agent, {world.stateItem(command.id, "running")});
  EXPECT_EQ(world.command(command.id).progress, "");
  world.mustTake(agent, {progress("unpacking"), world.stateItem(command.id, "succeeded", Json::array({1}))});
  EXPECT_EQ(world.command(command.id).progress, "unpacking");
}

TEST(Uploads, a_long_log_is_told_in_pieces_that_a_stream_can_carry) {
  World world;
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("scan", {agent.agent_id}, Json::object(), world.technician).front();
  Json lines = Json::array();
  for (int i = 0; i < 50; ++i)
    lines.push_back({{"at", toRfc3339(world.clock.now)}, {"text", std::string(8'000, 'x')}});
  const Json item = {{"kind", "command_log"},
                     {"id", newId()},
                     {"at", toRfc3339(world.clock.now)},
                     {"command_id", command.id},
                     {"lines", lines}};
  world.mustTake(agent, {item});
  const auto events = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.events().after(0, 1'000, http::Visible::everything());
  });
  std::int64_t seq = 0;
  for (const auto& event : events) {
    if (event.type != "log") continue;
    EXPECT_LT(event.data.size(), 64U << 10);
    const Json data = parseJson(event.data).value();
    for (const Json& line : data["lines"])
      EXPECT_EQ(line["seq"], ++seq);
  }
  EXPECT_EQ(seq, 50);
}

TEST(Uploads, a_log_is_told_without_a_word_on_the_progress_that_it_says_nothing_of) {
  World world;
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("scan", {agent.agent_id}, Json::object(), world.technician).front();
  Json item = {{"kind", "command_log"},    {"id", newId()},          {"at", toRfc3339(world.clock.now)},
               {"command_id", command.id}, {"lines", Json::array()}, {"percent", 10},
               {"progress", "unpacking"}};
  world.mustTake(agent, {item});
  for (const char* member : {"percent", "progress"})
    item.erase(member);
  item["id"] = newId();
  world.mustTake(agent, {item});
  std::vector<Json> told;
  for (const auto& event : world.store.read([&](const store::ReadTransaction& tx) {
         return tx.events().after(0, 1'000, http::Visible::everything());
       }))
    if (event.type == "log") told.push_back(parseJson(event.data).value());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["percent"], 10);
  EXPECT_EQ(told[0]["progress"], "unpacking");
  EXPECT_FALSE(told[1].contains("percent")) << "a page that is open would forget what it shows";
  EXPECT_FALSE(told[1].contains("progress"));
}

TEST(Uploads, a_breakers_transition_is_shown_and_a_status_that_says_closed_ends_it) {
  World world;
  const auto agent = world.enrol();
  world.mustTake(agent, {{{"kind", "breaker"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now)},
                          {"plugin", "apt"},
                          {"plugin_version", "1.0.0"},
                          {"interface", "rf.scanner/1"},
                          {"from", "closed"},
                          {"to", "open"},
                          {"class", "crash"},
                          {"code", "plugin.crash"},
                          {"text", "ended by signal 11"},
                          {"open_until", toRfc3339(world.clock.now + 1800 * kSecondNs)}}});
  const auto open = [&] {
    return world.services.overview.facts(http::Visible::everything()).agents.breakers_open;
  };
  EXPECT_EQ(open(), 1);
  EXPECT_EQ(world.history(agent).front().severity, "error");
  auto looked_before = world.statusItem("alpha", "act");
  looked_before["at"] = toRfc3339(world.clock.now - kSecondNs);
  world.mustTake(agent, {looked_before});
  EXPECT_EQ(open(), 1) << "the breaker opened while the agent was looking";
  world.clock.advance_s(1);
  world.mustTake(agent, {world.statusItem("alpha", "act")});
  EXPECT_EQ(open(), 0);
}

TEST(Uploads, a_breakers_transition_of_a_time_to_come_is_ended_by_a_status_as_well) {
  World world;
  const auto agent = world.enrol();
  world.mustTake(agent, {{{"kind", "breaker"},
                          {"id", newId()},
                          {"at", toRfc3339(world.clock.now + 86'400 * kSecondNs)},
                          {"plugin", "apt"},
                          {"plugin_version", "1.0.0"},
                          {"interface", "rf.scanner/1"},
                          {"from", "closed"},
                          {"to", "open"}}});
  world.mustTake(agent, {world.statusItem("alpha", "act")});
  EXPECT_EQ(world.services.overview.facts(http::Visible::everything()).agents.breakers_open, 0);
}

TEST(Uploads, F4_it_is_known_how_many_agents_believe_an_authority) {
  using Reach = std::pair<std::int64_t, std::int64_t>;
  World world;
  const auto one = world.enrol();
  const auto two = world.enrol();
  const auto reach = [&](const std::string& mark, std::int64_t since) {
    const auto found = world.store.read(
        [&](const store::ReadTransaction& tx) { return tx.agents().authorityReach(mark, since); });
    return Reach(found.seen, found.believe);
  };
  const auto believes = [&](const store::AgentKey& agent, const Json& marks) {
    auto item = world.statusItem("alpha", "act");
    item["authorities"] = marks;
    return world.upload(agent, {item}).rejected.empty();
  };
  EXPECT_TRUE(believes(one, Json::array({"00000000000000aa", "00000000000000bb"})));
  EXPECT_TRUE(believes(two, Json::array({"00000000000000aa"})));
  world.services.presence.seen(one.agent_id);
  world.services.presence.seen(two.agent_id);
  EXPECT_EQ(reach("00000000000000aa", world.clock.now), Reach(2, 2));
  EXPECT_EQ(reach("00000000000000bb", world.clock.now), Reach(2, 1));
  EXPECT_EQ(reach("00000000000000bb", world.clock.now + 1), Reach(0, 0));
  EXPECT_FALSE(believes(two, Json::array({"%"})));
  EXPECT_FALSE(believes(two, Json::array({7})));
  EXPECT_TRUE(believes(two, Json::array())) << "what it does not say any more is not believed";
  EXPECT_EQ(reach("00000000000000aa", world.clock.now), Reach(2, 1));
}

// Whoever is let in no more, or has to be accepted first, would be waited for for weeks.
TEST(Uploads, F4_a_switch_of_the_authority_waits_for_active_agents_and_names_them) {
  World world;
  const auto one = world.enrol("alpha");
  const auto two = world.enrol("beta");
  world.services.presence.seen(one.agent_id);
  world.services.presence.seen(two.agent_id);
  const auto reach = [&] {
    return world.store.read(
        [&](const store::ReadTransaction& tx) { return tx.agents().authorityReach("00000000000000aa", 0); });
  };
  EXPECT_EQ(reach().seen, 2);
  EXPECT_EQ(reach().others, (std::vector<std::string>{"alpha", "beta"}));
  world.services.decisions.revoke(two.agent_id, {"sold", world.admin});
  EXPECT_EQ(reach().seen, 1);
  EXPECT_EQ(reach().others, std::vector<std::string>{"alpha"});
  auto item = world.statusItem("alpha", "act");
  item["authorities"] = Json::array({"00000000000000aa"});
  world.mustTake(one, {item});
  EXPECT_EQ(reach().believe, reach().seen);
}

TEST(Uploads, each_commit_tells_the_streams_and_not_each_event_in_it) {
  World world;
  const auto agent = world.enrol();
  const int before = world.streams.grown;
  std::vector<Json> items;
  for (int i = 0; i < 10; ++i)
    items.push_back(world.statusItem("alpha", "act"));
  world.mustTake(agent, items);
  EXPECT_GE(world.streams.grown, before + 1);
  EXPECT_LE(world.streams.grown, before + 2) << "once for the commit, at most once more than needed";
}

class InParts : public ::testing::Test {
 protected:
  // One part of `text`, as an agent sends it.
  services::UploadAnswer send(const std::string& item_id, const std::string& whole, std::size_t part,
                              std::size_t parts) {
    const std::size_t size = (whole.size() + parts - 1) / parts;
    return world.upload(agent, {{{"kind", "part"},
                                 {"id", item_id},
                                 {"part", part},
                                 {"parts", parts},
                                 {"text", whole.substr(part * size, size)}}});
  }
  std::int64_t partsHere() {
    std::int64_t bytes = 0;
    world.store.read([&](const store::ReadTransaction& tx) {
      bytes = static_cast<std::int64_t>(tx.scans().textOfParts(agent, item["id"]).size());
    });
    return bytes;
  }

  World world;
  store::AgentKey agent = world.enrol();
  Json item = world.scanItem({.records = {updateRow({"nginx", "1.1"})}});
  std::string id = item["id"];
  std::string text = dumpJson(item);
};

TEST_F(InParts, an_item_is_taken_with_its_last_part_and_once) {
  for (int round = 0; round < 2; ++round) {
    for (std::size_t part = 0; part < 3; ++part) {
      const auto answer = send(id, text, part, 3);
      EXPECT_TRUE(answer.rejected.empty());
      const bool whole = round > 0 || part == 2;
      EXPECT_EQ(answer.acknowledged.size(), whole ? 1U : 0U);
      EXPECT_EQ(answer.part.has_value(), !whole);
      EXPECT_EQ(answer.part ? answer.part->next : -1, whole ? -1 : static_cast<std::int64_t>(part) + 1);
    }
    EXPECT_EQ(world.stateOf(agent, "nginx", "1.1"), "available");
    EXPECT_EQ(partsHere(), 0);
  }
}

TEST_F(InParts, a_part_that_comes_twice_or_too_early_is_answered_with_the_one_to_come) {
  EXPECT_EQ(send(id, text, 2, 3).part->next, 0);
  EXPECT_EQ(send(id, text, 0, 3).part->next, 1);
  EXPECT_EQ(send(id, text, 0, 3).part->next, 1);
  EXPECT_EQ(send(id, text, 2, 3).part->next, 1);
  EXPECT_EQ(send(id, text, 1, 3).part->next, 2);
  EXPECT_EQ(send(id, text, 2, 3).acknowledged.size(), 1U);
}

TEST_F(InParts, an_agent_has_parts_of_one_item_here_and_of_nobody_elses) {
  send(id, text, 0, 3);
  send(id, text, 1, 3);
  const auto other = world.enrol("other");
  const auto stranger =
      world.upload(other, {{{"kind", "part"}, {"id", id}, {"part", 2}, {"parts", 3}, {"text", "x"}}});
  EXPECT_EQ(stranger.part->next, 0);
  EXPECT_GT(partsHere(), 0);
  EXPECT_EQ(send(newId(), text, 0, 3).part->next, 1);
  EXPECT_EQ(partsHere(), 0);
  EXPECT_EQ(send(id, text, 2, 3).part->next, 0) << "begun anew";
}

TEST_F(InParts, what_is_hostile_is_refused_by_name_and_leaves_nothing) {
  const auto refusedAs = [&](const Json& part) {
    const auto answer = world.upload(agent, {part});
    return answer.rejected.size() == 1 ? answer.rejected[0].code : std::string("taken");
  };
  const Json good = {{"kind", "part"}, {"id", newId()}, {"part", 0}, {"parts", 1}, {"text", "{}"}};
  const auto with = [&](const Json& members) {
    Json part = good;
    part.update(members);
    return part;
  };
  for (const Json& members : {Json{{"part", 1}}, Json{{"part", -1}}, Json{{"parts", 0}}, Json{{"parts", 65}},
                              Json{{"text", 7}}, Json{{"text", std::string(3U << 20, 'x')}},
                              Json{{"text", std::string("{\0}", 3)}}, Json{{"more", 1}}})
    EXPECT_EQ(refusedAs(with(members)), "item.invalid") << dumpJson(members).substr(0, 80);
  for (const std::string body : {"{", "[]", "{}", "{\"id\":\"x\"}"})
    EXPECT_EQ(refusedAs(with({{"text", body}})), "upload.invalid") << body;
  for (const std::string& body : {std::string(), text + "," + text, dumpJson(good), text})
    EXPECT_EQ(refusedAs(with({{"text", body}})), "part.other_item") << body.substr(0, 80);
  EXPECT_EQ(world.upload(agent, {good, good}).rejected.size(), 2U) << "a part comes alone";

  EXPECT_TRUE(world.updates({}).empty());
}

TEST_F(InParts, longer_than_an_item_may_be_are_refused_with_the_first_that_is_too_much_and_forgotten) {
  const auto sent = [&](int part, int parts) {
    return world.upload(agent, {{{"kind", "part"},
                                 {"id", id},
                                 {"part", part},
                                 {"parts", parts},
                                 {"text", std::string(2U << 20, 'x')}}});
  };
  for (int part = 0; part < 31; ++part)
    ASSERT_EQ(sent(part, 64).part->next, part + 1);
  EXPECT_EQ(partsHere(), 31LL << 21);
  const auto refused = sent(31, 64);
  ASSERT_EQ(refused.rejected.size(), 1U) << "with what encloses it it is more than 64 MiB";
  EXPECT_EQ(refused.rejected[0].id, id);
  EXPECT_EQ(refused.rejected[0].code, "part.too_large");
  EXPECT_EQ(partsHere(), 0);
  EXPECT_EQ(send(id, text, 0, 3).part->next, 1) << "one that fits may have its turn";
}

}  // namespace
}  // namespace redflag::testing
