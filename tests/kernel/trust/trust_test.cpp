#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/encoding.h"
#include "listed_keys.h"
#include "protocol/limits.h"
#include "temporary_folder.h"
#include "trust/order_gate.h"
#include "trust/order_journal.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;
namespace refusal = protocol::refusal;

constexpr std::int64_t kDay = 86'400 * kSecondNs;

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now_ns; }
  std::int64_t monotonicNs() const override { return now_ns; }
  std::int64_t now_ns = 1'740'794'400 * kSecondNs;
};

class TrustTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    identity_.agent_id = "agent-1";
    identity_.client_id = "client-1";
    identity_.journal_id = OrderJournal::create(file()).value();
    reopen();
  }
  fs::path file() const { return folder_.path() / "orders.db"; }
  void reopen() {
    gate_.reset();
    journal_.reset();
    auto journal = OrderJournal::open(file(), identity_.journal_id);
    ASSERT_TRUE(journal) << journal.error().text;
    journal_ = std::move(*journal);
    gate_ = std::make_unique<OrderGate>(identity_, keys_, journal_.get(), clock_);
  }
  protocol::Envelope order(const std::string& id = "order-1") const {
    protocol::Envelope e;
    e.command_id = id;
    e.client_id = "client-1";
    e.agent_id = "agent-1";
    e.command_type = "scan";
    e.actions = {{"kernel", "scan", "{}"}};
    e.issued_at = clock_.now_ns;
    e.not_before = clock_.now_ns - kSecondNs;
    e.expires_at = clock_.now_ns + kDay;
    return e;
  }
  Json sealed(const protocol::Envelope& envelope) const {
    return protocol::sealEnvelope(envelope, key_).value();
  }
  std::string check(const Json& transport) const {
    const auto checked = gate_->check(transport);
    if (!checked) return checked.error().code;
    return checked->known ? "known" : "accepted";
  }
  // At once: each by itself waits for the disk.
  void acceptNewer(int count) const {
    auto database = sqlite::Database::open(file()).value();
    ASSERT_TRUE(database.execute(
        "INSERT INTO orders (command_id, identity, runner, body, accepted_item, expires_at)"
        " WITH RECURSIVE newer(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM newer WHERE n < " +
        std::to_string(count) + ") SELECT 'newer-' || n, '', 0, '', '', 0 FROM newer"));
  }
  OrderRecord record(const protocol::Envelope& envelope) const {
    OrderRecord out;
    out.command_id = envelope.command_id;
    out.identity = protocol::identityHash(envelope);
    out.body = protocol::encodeEnvelope(envelope);
    out.accepted_item = "{\"state\":\"accepted\"}";
    out.expires_at = envelope.expires_at;
    return out;
  }

  test::TemporaryFolder folder_;
  HandClock clock_;
  protocol::SigningKey key_ = protocol::SigningKey::generate();
  test::ListedKeys keys_{key_.publicKey()};
  Identity identity_;
  std::unique_ptr<OrderJournal> journal_;
  std::unique_ptr<OrderGate> gate_;
};

TEST_F(TrustTest, believes_an_order_of_its_server) {
  EXPECT_EQ(check(sealed(order())), "accepted");
}

TEST_F(TrustTest, B3_refuses_a_key_that_the_list_does_not_name_any_more_or_not_for_now) {
  keys_.list.keys[0].not_after = clock_.now_ns - 1;
  EXPECT_EQ(check(sealed(order())), refusal::kUnknownKey);
  keys_.list.keys[0].not_after = INT64_MAX;
  keys_.list.keys[0].not_before = clock_.now_ns + 1;
  EXPECT_EQ(check(sealed(order())), refusal::kUnknownKey);
  keys_.list.keys.clear();
  EXPECT_EQ(check(sealed(order())), refusal::kUnknownKey);
}

TEST_F(TrustTest, B3_refuses_everything_while_no_list_is_to_be_believed) {
  keys_.why_not = "it has expired";
  const auto checked = gate_->check(sealed(order()));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, refusal::kUnknownKey);
  EXPECT_EQ(checked.error().text, "it has expired");
}

TEST_F(TrustTest, refuses_an_older_epoch_and_older_envelopes_than_the_list_allows) {
  keys_.list.restore_epoch = 3;
  EXPECT_EQ(check(sealed(order())), refusal::kOldEpoch);
  protocol::Envelope next = order();
  next.restore_epoch = 3;
  EXPECT_EQ(check(sealed(next)), "accepted");
  keys_.list.minimal_envelope_version = 2;
  EXPECT_EQ(check(sealed(next)), refusal::kUnknownVersion);
}

TEST_F(TrustTest, B1_refuses_other_keys_and_broken_signatures) {
  EXPECT_EQ(check(protocol::sealEnvelope(order(), protocol::SigningKey::generate()).value()),
            refusal::kUnknownKey);
  Json transport = sealed(order());
  transport["signature"] = toBase64(std::string(64, '\0'));
  EXPECT_EQ(check(transport), refusal::kBadSignature);
  EXPECT_EQ(check({{"version", 1}}), refusal::kMalformed);
}

TEST_F(TrustTest, B2_refuses_a_command_with_any_bit_flipped) {
  const std::string text = dumpJson(sealed(order()));
  for (std::size_t bit = 0; bit < text.size() * 8; bit += 1) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
    const auto json = parseJson(flipped);
    ASSERT_TRUE(!json || check(*json) != "accepted") << flipped;
  }
}

TEST_F(TrustTest, B4_refuses_orders_for_others) {
  auto other = order();
  other.agent_id = "agent-2";
  EXPECT_EQ(check(sealed(other)), refusal::kWrongAgent);
  other = order();
  other.client_id = "client-2";
  EXPECT_EQ(check(sealed(other)), refusal::kWrongClient);
}

TEST_F(TrustTest, B8_refuses_orders_of_another_time) {
  auto e = order();
  e.not_before = 0;
  e.expires_at = clock_.now_ns + 400 * kDay;
  const Json transport = sealed(e);
  const std::int64_t now = clock_.now_ns;
  for (const std::int64_t skew :
       {-protocol::kClockToleranceNs, std::int64_t{0}, protocol::kClockToleranceNs}) {
    clock_.now_ns = now + skew;
    EXPECT_EQ(check(transport), "accepted") << skew;
  }
  for (const std::int64_t at :
       {now + kDay, now - kDay, std::int64_t{0}, 2'147'483'648 * kSecondNs, 4'102'444'800 * kSecondNs}) {
    clock_.now_ns = at;
    EXPECT_EQ(check(transport), refusal::kClock) << at;
  }
  clock_.now_ns = now;
  e = order();
  e.not_before = now + kSecondNs;
  EXPECT_EQ(check(sealed(e)), refusal::kNotYetValid);
  e = order();
  e.not_before = now - 10 * kSecondNs;
  e.expires_at = now;
  EXPECT_EQ(check(sealed(e)), refusal::kExpired);
}

TEST_F(TrustTest, B5_knows_an_order_again_after_a_restart_and_after_its_end) {
  const auto e = order();
  ASSERT_TRUE(journal_->accept(record(e)));
  EXPECT_EQ(check(sealed(e)), "known");
  reopen();
  EXPECT_EQ(check(sealed(e)), "known");
  ASSERT_TRUE(journal_->finish(e.command_id, "{}"));
  EXPECT_EQ(check(sealed(e)), "known");
  clock_.now_ns += 2 * kDay;
  auto again = e;
  again.issued_at = clock_.now_ns;
  EXPECT_EQ(check(sealed(again)), "known") << "expired meanwhile, and still answered from the journal";
}

TEST_F(TrustTest, B7_refuses_another_order_under_a_known_id) {
  ASSERT_TRUE(journal_->accept(record(order())));
  auto other = order();
  other.actions[0].parameters = R"({"plugins":["apt"]})";
  EXPECT_EQ(check(sealed(other)), refusal::kIdReused);
}

TEST_F(TrustTest, B6_refuses_everything_once_the_record_of_orders_is_lost) {
  gate_.reset();
  journal_.reset();
  const std::string id = identity_.journal_id;
  fs::remove(file());
  EXPECT_EQ(OrderJournal::open(file(), id).error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(file())) << "looking must not make a new one";
  ASSERT_TRUE(OrderJournal::create(file()));
  EXPECT_EQ(OrderJournal::open(file(), id).error().code, Code::kCorrupt) << "another one is not the lost one";
  std::ofstream(file()) << "this is no database, and certainly not the one that was here before";
  EXPECT_EQ(OrderJournal::open(file(), id).error().code, Code::kCorrupt);
  const OrderGate gate(identity_, keys_, nullptr, clock_);
  EXPECT_EQ(gate.check(sealed(order())).error().code, refusal::kReplayed);
}

TEST_F(TrustTest, an_order_is_recorded_once_and_ends_once) {
  ASSERT_TRUE(journal_->accept(record(order())));
  EXPECT_EQ(journal_->accept(record(order())).error().code, Code::kConflict);
  ASSERT_TRUE(journal_->finish("order-1", "first"));
  EXPECT_EQ(journal_->finish("order-1", "second").error().code, Code::kConflict);
  EXPECT_EQ(journal_->finish("order-2", "x").error().code, Code::kConflict);
  EXPECT_EQ((*journal_->find("order-1"))->outcome_item, "first");
}

TEST_F(TrustTest, remembers_what_is_left_to_do) {
  for (const char* id : {"a", "b", "c"})
    ASSERT_TRUE(journal_->accept(record(order(id))));
  ASSERT_TRUE(journal_->finish("a", "outcome a"));
  ASSERT_TRUE(journal_->finish("b", "outcome b"));
  ASSERT_TRUE(journal_->setReported("b"));
  ASSERT_TRUE(journal_->setVerifyDue("b", true));
  reopen();
  EXPECT_EQ(journal_->unfinished()->at(0).command_id, "c");
  EXPECT_EQ(journal_->unfinished()->size(), 1U);
  EXPECT_EQ(journal_->unreported()->at(0).command_id, "a");
  EXPECT_EQ(journal_->unreported()->at(0).outcome_item, "outcome a");
  EXPECT_EQ(journal_->verifyDue()->at(0).command_id, "b");
  ASSERT_TRUE(journal_->setVerifyDue("b", false));
  EXPECT_TRUE(journal_->verifyDue()->empty());
}

TEST_F(TrustTest, B8_forgets_none_of_the_newest_whatever_the_clock_says) {
  ASSERT_TRUE(journal_->accept(record(order("ended"))));
  ASSERT_TRUE(journal_->finish("ended", "x"));
  ASSERT_TRUE(journal_->setReported("ended"));
  acceptNewer(499);
  ASSERT_TRUE(journal_->prune(clock_.now_ns + 75 * 365 * kDay));
  EXPECT_EQ(check(sealed(order("ended"))), "known") << "the clock is right again, and the server asks again";
}

TEST_F(TrustTest, forgets_only_what_can_never_come_again) {
  for (const char* id : {"ended", "untold", "running"})
    ASSERT_TRUE(journal_->accept(record(order(id))));
  ASSERT_TRUE(journal_->finish("ended", "x"));
  ASSERT_TRUE(journal_->setReported("ended"));
  ASSERT_TRUE(journal_->finish("untold", "x"));
  acceptNewer(500);
  ASSERT_TRUE(journal_->prune(clock_.now_ns + 30 * kDay));
  EXPECT_TRUE(journal_->find("ended")->has_value());
  ASSERT_TRUE(journal_->prune(clock_.now_ns + 32 * kDay));
  EXPECT_FALSE(journal_->find("ended")->has_value());
  EXPECT_TRUE(journal_->find("untold")->has_value());
  EXPECT_TRUE(journal_->find("running")->has_value());
}

}  // namespace
}  // namespace redflag::kernel
