#pragma once
// An agent's way of orders from the envelope to the spool, with a runner, a scanner and a clock of its own.

#include <gtest/gtest.h>

#include "doubles.h"
#include "link/order_desk.h"
#include "listed_keys.h"

namespace redflag::kernel::test {

class OrdersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    identity_.agent_id = "agent-1";
    identity_.client_id = "client-1";
    identity_.journal_id = OrderJournal::create(folder_.path() / "orders.db").value();
    begin(true);
  }
  void TearDown() override { end(); }

  // As a program that starts; `act`: with an executor.
  void begin(bool act) {
    journal_ = std::move(OrderJournal::open(folder_.path() / "orders.db", identity_.journal_id).value());
    gate_ = std::make_unique<OrderGate>(identity_, keys_, journal_.get(), clock_);
    reports_ = std::make_unique<OrderReports>(*spool_.spool, clock_, "agent-1");
    queue_ = std::make_unique<OrderQueue>(OrderQueue::Parts{
        *journal_, *reports_, scanner_,
        [this](const std::string& id) { return runner_.cancel(id).value_or(false); }, clock_, &agent_});
    desk_ = std::make_unique<OrderDesk>(OrderDesk::Parts{
        *gate_, journal_.get(), queue_.get(), *reports_, *spool_.spool, scanner_, act ? &runner_ : nullptr,
        [this] { return policy_; }, clock_, [] { return Json(); }, [this] { ++room_again_; }});
  }
  // As a program that is killed: nothing of the queue's is finished first.
  void end() {
    scanner_.release();
    queue_.reset();
    desk_.reset();
    journal_.reset();
  }
  protocol::Envelope order(const std::string& id, std::vector<protocol::Action> actions) const {
    protocol::Envelope e;
    e.command_id = id;
    e.client_id = "client-1";
    e.agent_id = "agent-1";
    e.command_type = "test";
    e.actions = std::move(actions);
    e.issued_at = clock_.now_ns;
    e.not_before = clock_.now_ns - kSecondNs;
    e.expires_at = clock_.now_ns + 3600 * kSecondNs;
    return e;
  }
  static Policy allowed(const std::string& action) {
    PolicyRule rule;
    rule.line = 1;
    rule.action = action;
    rule.always = true;
    return {{rule}, {}};
  }
  bool take(const protocol::Envelope& envelope) {
    return desk_->take(protocol::sealEnvelope(envelope, key_).value());
  }
  protocol::Envelope scanOrder(const std::string& id = "scan-order") const {
    return order(id, {{"kernel", "scan", R"({"plugins":["apt"],"purpose":"updates"})"}});
  }
  protocol::Envelope installOrder(const std::string& id = "install") const {
    return order(id, {{"apt", "install", R"({"updates":[],"plan":{"steps":[]}})"}});
  }
  bool ends(const std::string& id) {
    for (int i = 0; i < 500; ++i) {
      const auto record = journal_->find(id);
      if (record && record->has_value() && (*record)->reported) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  Json outcome(const std::string& id) const {
    Json last;
    for (const auto& item : spool_.items("command_state")) {
      if (item.at("command_id") == id) last = item;
    }
    return last;
  }
  std::string refusalCode() const {
    const auto items = spool_.items("refusal");
    return items.empty() ? "" : items.back().at("code").get<std::string>();
  }

  TemporaryFolder folder_;
  HandClock clock_;
  SpoolFixture spool_{folder_.path()};
  FakeScanner scanner_;
  FakeRunner runner_;
  FakeAgent agent_;
  Policy policy_ = allowed("apt/install");
  int room_again_ = 0;
  protocol::SigningKey key_ = protocol::SigningKey::generate();
  ListedKeys keys_{key_.publicKey()};
  Identity identity_;
  std::unique_ptr<OrderJournal> journal_;
  std::unique_ptr<OrderGate> gate_;
  std::unique_ptr<OrderReports> reports_;
  std::unique_ptr<OrderQueue> queue_;
  std::unique_ptr<OrderDesk> desk_;
};

}  // namespace redflag::kernel::test
