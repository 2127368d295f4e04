#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "http/message.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

store::NewAgent newAgent(const std::string& public_key = randomBytes(32)) {
  return {public_key, "alpha", "report", "0.1.0", "linux-x86_64", "Debian GNU/Linux", "12"};
}

std::string tokenOf(World& world, std::int64_t seats, std::int64_t expires_in_s = 3600) {
  return protocol::decodeBundle(
             world.services.enrolment.makeToken(seats, expires_in_s, "", world.admin, "auto").bundle)
      .value()
      .token;
}

std::string refusal(World& world, const store::NewAgent& agent, const std::string& token) {
  try {
    world.services.enrolment.enrol(agent, token, "127.0.0.1");
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 401);
    return problem.code;
  }
  return "";
}

TEST(A1_one_seat_for_one_key, a_second_key_is_refused_and_the_first_is_answered_as_before) {
  World world;
  const std::string token = tokenOf(world, 1);
  const auto first = newAgent();
  const auto [agent, fresh] = world.services.enrolment.enrol(first, token, "127.0.0.1");
  EXPECT_TRUE(fresh);
  EXPECT_EQ(refusal(world, newAgent(), token), "enrolment.seats_exhausted");
  const auto [again, fresh_again] = world.services.enrolment.enrol(first, token, "127.0.0.1");
  EXPECT_FALSE(fresh_again);
  EXPECT_EQ(again.agent_id, agent.agent_id);
  const auto refused = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.events().history(agent.client_id, "", {100, ""}).items.front();
  });
  EXPECT_EQ(refused.kind, "enrolment.refused");
  EXPECT_EQ(refused.code, "enrolment.seats_exhausted");
}

TEST(Enrolment, a_token_lets_nobody_in_once_its_maker_no_longer_administers_the_site) {
  World world;
  const auto client = world.services.places.addClient("Client", world.admin);
  const auto site = world.services.places.addSite(client.id, "Site", world.admin);
  const http::Grants grants({{"admin", client.id, site.id}});
  const auto boss = world.services.users.add("person", "boss", "hash", grants, world.admin);
  const services::Actor maker{"boss", grants, true, boss.id, boss.id};
  const auto made = world.services.enrolment.makeToken(10, 3600, site.id, maker, "auto");
  const std::string token = protocol::decodeBundle(made.bundle).value().token;
  const auto first = newAgent();
  EXPECT_EQ(refusal(world, first, token), "");
  const auto become = [&](const services::AccountChange& change) {
    world.services.users.change("person", boss.id, change, world.admin);
  };
  become({http::Grants({{"approver", client.id, ""}}), {}});
  EXPECT_EQ(refusal(world, newAgent(), token), "enrolment.minter");
  EXPECT_EQ(refusal(world, first, token), "") << "who came with it gets the same answer";
  become({grants, {}});
  EXPECT_EQ(refusal(world, newAgent(), token), "");
  become({{}, true});
  EXPECT_EQ(refusal(world, newAgent(), token), "enrolment.minter");
  world.services.users.remove("person", boss.id, world.admin);
  EXPECT_EQ(refusal(world, newAgent(), token), "enrolment.minter");
  EXPECT_EQ(refusal(world, newAgent(), world.token), "") << "made on the console";
}

TEST(A2_seat_race, of_fifty_at_once_exactly_one_gets_the_seat) {
  World world;
  const std::string token = tokenOf(world, 1);
  std::atomic<int> enrolled = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      try {
        world.services.enrolment.enrol(newAgent(), token, "127.0.0.1");
        ++enrolled;
      } catch (const http::Problem& problem) {
        if (problem.code == "enrolment.seats_exhausted") ++refused;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(enrolled, 1);
  EXPECT_EQ(refused, 49);
  const auto total = world.store.read([&](const store::ReadTransaction& tx) {
    return tx.agents().totals(http::Visible::everything(), {}).total;
  });
  EXPECT_EQ(total, 1);
}

TEST(Enrolment, a_token_that_is_unknown_expired_or_revoked_is_refused_by_name) {
  World world;
  EXPECT_EQ(refusal(world, newAgent(), "nobody made this"), "enrolment.unknown_token");
  const std::string token = tokenOf(world, 5, 60);
  const auto joined = newAgent();
  const auto first = world.services.enrolment.enrol(joined, token, "127.0.0.1").first;
  world.clock.advance_s(61);
  EXPECT_EQ(refusal(world, newAgent(), token), "enrolment.expired");
  // A reply that was lost may be asked for after the token's time.
  EXPECT_EQ(world.services.enrolment.enrol(joined, token, "127.0.0.1").first.agent_id, first.agent_id);
  const auto made = world.services.enrolment.makeToken(5, 600, "", world.admin);
  world.services.enrolment.revokeToken(made.token.id, world.admin);
  EXPECT_EQ(refusal(world, newAgent(), protocol::decodeBundle(made.bundle).value().token),
            "enrolment.revoked");
}

TEST(Enrolment, a_stranger_with_a_token_that_nobody_knows_waits_for_no_machine_and_keeps_none_waiting) {
  World world;
  if (world.database.url().empty()) return;  // one writer at a time anyway
  const auto other = world.database.open();
  const auto agent = world.enrol();
  other->writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    tx.agents().touch(agent, 1);
    tx.agents().standing(agent);  // the locks are there
    std::thread([&] {
      EXPECT_EQ(refusal(world, newAgent(), "nobody made this"), "enrolment.unknown_token");
    }).join();
  });
}

TEST(Enrolment, the_store_holds_no_token_that_could_be_used) {
  World world;
  const std::string token = tokenOf(world, 1);
  const std::string everything = world.database.contents();
  ASSERT_NE(everything.find("enrolment.token_made"), std::string::npos);
  EXPECT_EQ(everything.find(token), std::string::npos);
}

TEST(Enrolment, a_token_for_a_site_that_does_not_exist_is_not_made) {
  World world;
  EXPECT_THROW(world.services.enrolment.makeToken(1, 600, newId(), world.admin), http::Problem);
}

std::string keyOf(World& world, const std::string& agent_id) {
  return world.store.read(
      [&](const store::ReadTransaction& tx) { return tx.agents().key(agent_id).value().public_key; });
}

// Rows A6 and A11: a machine whose parts changed keeps its id; the key it had is nobody's at once.
TEST(A6_a_rebound_agent, keeps_its_id_and_its_old_key_is_nobodys) {
  World world;
  const auto old_key = newAgent();
  const auto agent = world.services.enrolment.enrol(old_key, tokenOf(world, 1), "127.0.0.1").first;
  const auto lost = world.services.enrolment.rebind(agent.agent_id, "lost on the way", 3600, world.admin);
  const auto made =
      world.services.enrolment.rebind(agent.agent_id, "the board was replaced", 3600, world.admin);
  const auto bundle = protocol::decodeBundle(made.bundle).value();
  EXPECT_EQ(bundle.rebinds, agent.agent_id);
  EXPECT_EQ(refusal(world, newAgent(), protocol::decodeBundle(lost.bundle)->token), "enrolment.revoked");
  EXPECT_EQ(keyOf(world, agent.agent_id), old_key.public_key) << "until it is used";

  const auto new_key = newAgent();
  const auto [rebound, fresh] = world.services.enrolment.enrol(new_key, bundle.token, "127.0.0.1");
  EXPECT_FALSE(fresh);
  EXPECT_EQ(rebound.agent_id, agent.agent_id);
  EXPECT_EQ(rebound.site_id, agent.site_id);
  EXPECT_EQ(keyOf(world, agent.agent_id), new_key.public_key);
  EXPECT_FALSE(world.services.enrolment.enrol(new_key, bundle.token, "127.0.0.1").second) << "a lost reply";
  EXPECT_EQ(refusal(world, newAgent(), bundle.token), "enrolment.seats_exhausted");
  EXPECT_EQ(refusal(world, old_key, bundle.token), "enrolment.seats_exhausted");
}

TEST(A6_a_rebound_agent, is_recorded_with_the_reason_and_bound_by_time_and_revocation) {
  World world;
  const auto agent = world.services.enrolment.enrol(newAgent(), tokenOf(world, 1), "127.0.0.1").first;
  const auto late = world.services.enrolment.rebind(agent.agent_id, "late", -1, world.admin);
  EXPECT_EQ(refusal(world, newAgent(), protocol::decodeBundle(late.bundle)->token), "enrolment.expired");
  const auto gone =
      world.services.enrolment.rebind(agent.agent_id, "the board was replaced", 3600, world.admin);
  world.services.enrolment.revokeToken(gone.token.id, world.admin);
  EXPECT_EQ(refusal(world, newAgent(), protocol::decodeBundle(gone.bundle)->token), "enrolment.revoked");
  const auto history = world.history(agent);
  const auto found = std::find_if(history.begin(), history.end(), [](const auto& entry) {
    return entry.kind == "agent.rebind_allowed" && entry.text.ends_with("the board was replaced");
  });
  ASSERT_NE(found, history.end());
  EXPECT_EQ(found->actor, world.admin.name);
  EXPECT_EQ(found->subsystem, "security");
  EXPECT_THROW(world.services.enrolment.rebind(newId(), "nobody", 3600, world.admin), http::Problem);
}

}  // namespace
}  // namespace redflag::testing
