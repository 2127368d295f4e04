// However much is refused, the audit log holds how much it was in a few records.
#include <gtest/gtest.h>

#include "services/refusal_log.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

http::Refusal refusal(const std::string& code, const std::string& peer = "192.0.2.1", int status = 400) {
  http::Refusal out;
  out.status = status;
  out.code = code;
  out.route = "POST /api/v1/commands";
  out.peer = peer;
  out.request_id = "request";
  return out;
}

class RefusalLog : public ::testing::Test {
 protected:
  std::vector<store::AuditRecord> records() {
    return world_.store.read([](const store::ReadTransaction& tx) {
      auto all = tx.audit().after(0, 10'000);
      std::erase_if(all, [](const auto& one) { return one.kind != "security.refused"; });
      return all;
    });
  }
  std::int64_t counted() {
    std::int64_t sum = 0;
    for (const auto& one : records())
      sum += one.times;
    return sum;
  }

  World world_;
  services::RefusalLog log_{world_.services.context()};
};

TEST_F(RefusalLog, tells_the_first_at_once_with_where_it_came_from) {
  log_.note(refusal("request.body"));
  ASSERT_TRUE(log_.write());
  ASSERT_EQ(records().size(), 1U);
  const auto one = records().front();
  EXPECT_EQ(one.code, "request.body");
  EXPECT_EQ(one.peer, "192.0.2.1");
  EXPECT_EQ(one.request_id, "request");
  EXPECT_EQ(one.severity, "warning");
  EXPECT_EQ(one.text, "POST /api/v1/commands: 400 request.body");
}

TEST_F(RefusalLog, ten_thousand_refusals_are_two_records_with_the_exact_count) {
  for (int i = 0; i < 10'000; ++i)
    log_.note(refusal("request.body"));
  ASSERT_TRUE(log_.write());
  EXPECT_EQ(records().size(), 1U);
  world_.clock.advance_s(61);
  ASSERT_TRUE(log_.write());
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records().back().times, 9'999);
  EXPECT_EQ(counted(), 10'000);
}

TEST_F(RefusalLog, refusals_of_ten_thousand_peers_are_few_records_with_the_exact_count) {
  for (int i = 0; i < 10'000; ++i)
    log_.note(refusal("signature.invalid", "2001:db8::" + std::to_string(i), 401));
  ASSERT_TRUE(log_.write(true));
  EXPECT_LE(records().size(), 300U);
  EXPECT_EQ(counted(), 10'000);
}

TEST_F(RefusalLog, goes_on_counting_minute_after_minute_and_forgets_who_gave_up) {
  for (int minute = 0; minute < 3; ++minute) {
    for (int i = 0; i < 100; ++i)
      log_.note(refusal("request.body"));
    world_.clock.advance_s(61);
    ASSERT_TRUE(log_.write());
  }
  EXPECT_EQ(records().size(), 4U);
  EXPECT_EQ(counted(), 300);
  world_.clock.advance_s(61);
  ASSERT_TRUE(log_.write());
  EXPECT_EQ(records().size(), 4U);
  log_.note(refusal("request.body"));
  ASSERT_TRUE(log_.write());
  EXPECT_EQ(records().size(), 5U);
}

TEST_F(RefusalLog, names_the_agent_or_the_person_that_was_refused) {
  const auto agent = world_.enrol();
  auto by_agent = refusal("signature.wrong_agent", "192.0.2.1", 403);
  by_agent.principal.agent_id = agent.agent_id;
  by_agent.principal.client_id = agent.client_id;
  auto by_person = refusal("agent.not_found", "192.0.2.2", 404);
  by_person.principal.username = "tom";
  auto sign_in = refusal("sign_in.failed", "192.0.2.3", 401);
  sign_in.subject = "erin";
  for (const auto& one : {by_agent, by_person, sign_in})
    log_.note(one);
  ASSERT_TRUE(log_.write());
  ASSERT_EQ(records().size(), 3U);
  EXPECT_EQ(records()[0].agent_id, agent.agent_id);
  EXPECT_EQ(records()[0].client_id, agent.client_id);
  EXPECT_EQ(records()[1].actor, "tom");
  EXPECT_NE(records()[2].text.find("as \"erin\""), std::string::npos);
}

TEST_F(RefusalLog, leaves_out_what_is_part_of_everybodys_day) {
  auto asks = refusal("session.required", "192.0.2.1", 401);
  asks.route = "GET /api/v1/session";
  log_.note(asks);
  auto next_root = refusal("trust.no_such_file", "192.0.2.1", 404);
  next_root.route = "GET /trust/metadata/{file}";
  log_.note(next_root);
  log_.note(refusal("signature.before_start", "192.0.2.1", 401));
  ASSERT_TRUE(log_.write(true));
  EXPECT_TRUE(records().empty());
  log_.note(refusal("signature.replayed", "192.0.2.1", 401));
  ASSERT_TRUE(log_.write(true));
  EXPECT_EQ(records().size(), 1U);
}

TEST_F(RefusalLog, are_counted_by_code_for_whoever_asks_what_was_refused) {
  for (int i = 0; i < 5; ++i)
    log_.note(refusal("request.body"));
  log_.note(refusal("sign_in.failed", "192.0.2.3", 401));
  ASSERT_TRUE(log_.write(true));
  const auto counts = world_.store.read([&](const store::ReadTransaction& tx) {
    return tx.audit().refusalsSince(world_.clock.now - kSecondNs);
  });
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].code, "request.body");
  EXPECT_EQ(counts[0].times, 5);
  EXPECT_EQ(counts[1].code, "sign_in.failed");
  EXPECT_EQ(counts[1].times, 1);
}

}  // namespace
}  // namespace redflag::testing
