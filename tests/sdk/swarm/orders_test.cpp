#include "swarm/orders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/plan_hash.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kOneDay = 86'400 * kSecondNs;

class Orders : public ::testing::Test {
 protected:
  Orders() : key_(protocol::SigningKey::generate()) {
    keys_.keys = {{{protocol::keyId(key_.publicKey()), key_.publicKey()}, now_ - kOneDay, now_ + kOneDay}};
    envelope_.command_id = "command";
    envelope_.client_id = "client";
    envelope_.agent_id = "agent";
    envelope_.command_type = "scan";
    envelope_.actions = {{"kernel", "scan", "{}"}};
    envelope_.issued_at = envelope_.not_before = now_;
    envelope_.expires_at = now_ + 3600 * kSecondNs;
  }

  Judgement judge(const protocol::Envelope& envelope) const {
    return judgeOrder(protocol::sealEnvelope(envelope, key_).value(), {"agent", "client", keys_}, journal_,
                      now_);
  }
  std::string refusal(const protocol::Envelope& envelope) const { return judge(envelope).refusal.code; }

  const std::int64_t now_ = epochNow();
  const protocol::SigningKey key_;
  protocol::CommandList keys_;
  Journal journal_;
  protocol::Envelope envelope_;
};

TEST_F(Orders, are_believed_when_they_are_signed_for_this_agent_and_now) {
  EXPECT_EQ(judge(envelope_).kind, Judgement::Kind::kNew);
}

TEST_F(Orders, are_refused_as_an_agent_refuses_them) {
  auto other = envelope_;
  other.agent_id = "another";
  EXPECT_EQ(refusal(other), "wrong_agent");
  other = envelope_;
  other.issued_at = now_ - 600 * kSecondNs;
  EXPECT_EQ(refusal(other), "clock");
  other = envelope_;
  other.actions = {{"apt", "purge", "{}"}};
  EXPECT_EQ(refusal(other), "unknown_action");
  Json forged = protocol::sealEnvelope(envelope_, key_).value();
  forged["signature"] = toBase64(std::string(64, 'x'));
  EXPECT_EQ(judgeOrder(forged, {"agent", "client", keys_}, journal_, now_).refusal.code, "bad_signature");
}

TEST_F(Orders, are_refused_when_the_list_has_not_their_key_or_not_any_more) {
  keys_.keys.front().not_after = now_ - 1;
  EXPECT_EQ(refusal(envelope_), "unknown_key");
  keys_.keys.clear();
  EXPECT_EQ(refusal(envelope_), "unknown_key");
}

TEST_F(Orders, of_before_the_servers_restore_are_refused) {
  keys_.restore_epoch = envelope_.restore_epoch + 1;
  EXPECT_EQ(refusal(envelope_), "old_epoch");
}

TEST_F(Orders, that_come_again_are_known_and_with_other_content_refused) {
  JournaledOrder order;
  order.envelope = envelope_;
  order.identity = protocol::identityHash(envelope_);
  journal_.emplace("command", order);
  auto again = envelope_;
  again.issued_at = now_ + kSecondNs;  // signed anew
  EXPECT_EQ(judge(again).kind, Judgement::Kind::kKnown);
  again.actions = {{"kernel", "scan", R"({"purpose":"verify"})"}};
  EXPECT_EQ(refusal(again), "id_reused");
}

TEST_F(Orders, results_are_what_a_server_expects) {
  Random random(1);
  const Outcome scan = carryOut(envelope_, "scan-id", random);
  EXPECT_EQ(scan.results, Json::parse(R"([{"scans":["scan-id"]}])"));
  EXPECT_TRUE(scan.scans);
  envelope_.actions = {{"apt", "plan", R"({"updates":[{"name":"nginx","arch":"amd64","version":"2"}]})"}};
  const Outcome planned = carryOut(envelope_, "", random);
  const auto steps = protocol::planSteps(planned.results[0]["plan"]);
  ASSERT_TRUE(steps);
  EXPECT_EQ(planned.results[0]["plan_hash"], toHex(protocol::planHash(*steps)));
}

TEST_F(Orders, some_installs_fail_but_most_do_not) {
  Random random(1);
  envelope_.actions = {{"apt", "install", R"({"updates":[],"plan":{"steps":[]}})"}};
  int failed = 0;
  for (int i = 0; i < 1'000; ++i)
    failed += carryOut(envelope_, "", random).state == "failed" ? 1 : 0;
  EXPECT_GT(failed, 10);
  EXPECT_LT(failed, 60);
}

TEST_F(Orders, take_their_time_each_action_its_own_and_together_the_sum) {
  struct Span {
    const char* action;
    std::int64_t least_ms;
    std::int64_t most_ms;
  };
  Random random(1);
  for (const auto& [action, least_ms, most_ms] :
       {Span{"scan", 50, 1'500}, Span{"plan", 200, 2'000}, Span{"download", 500, 4'000},
        Span{"install", 1'000, 8'000}}) {
    envelope_.actions = {{"apt", action, "{}"}};
    std::vector<std::int64_t> ms;
    for (int i = 0; i < 1'000; ++i)
      ms.push_back(durationNs(envelope_, random) / kMillisecondNs);
    const auto [shortest, longest] = std::minmax_element(ms.begin(), ms.end());
    EXPECT_GE(*shortest, least_ms) << action;
    EXPECT_LT(*shortest, least_ms + (most_ms - least_ms) / 20) << action;
    EXPECT_LE(*longest, most_ms) << action;
    EXPECT_GT(*longest, most_ms - (most_ms - least_ms) / 20) << action;
  }
  envelope_.actions = {{"apt", "install", "{}"}, {"apt", "install", "{}"}};
  EXPECT_GE(durationNs(envelope_, random), 2 * kSecondNs);
}

}  // namespace
}  // namespace redflag::swarm
