#include <gtest/gtest.h>

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

}  // namespace
}  // namespace redflag::testing
