#pragma once
// A link with a server that tests play, on a machine of their own.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "doubles.h"
#include "fake_server.h"
#include "link/enrolment.h"
#include "link/link.h"
#include "marks.h"
#include "trust/command_trust.h"
#include "trust/order_journal.h"

namespace redflag::kernel {

class AheadClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epochNow(); }
  std::int64_t monotonicNs() const override { return monotonicNow() + ahead_ns; }
  std::atomic<std::int64_t> ahead_ns = 0;
};

class LinkTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    settings_.state = folder_.path() / "state";
    settings_.enrolment_file = folder_.path() / "enrolment";
    settings_.times = {1'000'000'000, 2'000'000'000, 5'000'000'000};
    settings_.backoff = {10'000'000, 50'000'000, 1000};
    settings_.doorbell_cut = settings_.backoff;
    settings_.gather_ns = 1'000'000;
    settings_.tick_ns = 50'000'000;
    settings_.longest_return_ns = 10'000'000;
  }
  EnrolmentSettings enrolment() const {
    return {settings_.state, "report", {}, settings_.times, settings_.marks, {}};
  }
  Result<Identity> enrollAt(const test::FakeServer& server) { return enroll(server.bundle(), enrolment()); }
  void start(std::unique_ptr<OrderRunner> runner = nullptr) {
    link_ = std::make_unique<Link>(settings_, *spool_.spool, scanner_, std::move(runner), clock_);
    ASSERT_TRUE(link_->start());
  }
  bool comesToState(const std::string& state) const {
    for (int i = 0; i < 500; ++i) {
      if (link_->status().at("state") == state) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool spoolEmpties() const {
    for (int i = 0; i < 500 && spool_.spool->count() > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return spool_.spool->count() == 0;
  }
  // How often the server was told that it is not believed, for reasons that have this in them.
  static std::size_t distrusts(const test::FakeServer& server, const std::string& text = "") {
    std::size_t count = 0;
    for (const auto& item : server.items("refusal")) {
      if (item.at("code") == kTrustRefused &&
          item.at("text").get<std::string>().find(text) != std::string::npos)
        ++count;
    }
    return count;
  }
  // Once the agent has asked again.
  bool comesToBelieve(test::FakeServer& server, bool believe) const {
    server.ring();
    return server.waitFor([&] { return (link_->status().at("distrust") == "") == believe; });
  }
  static std::string lastState(const test::FakeServer& server, const std::string& id) {
    std::string state;
    for (const auto& item : server.items("command_state")) {
      if (item.at("command_id") == id) state = item.at("state");
    }
    return state;
  }

  test::TemporaryFolder folder_;
  test::SpoolFixture spool_{folder_.path(), 64U << 20};
  test::FakeScanner scanner_;
  AheadClock clock_;
  LinkSettings settings_;
  std::unique_ptr<Link> link_;
};

}  // namespace redflag::kernel
