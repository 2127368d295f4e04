#include "link/link.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "doubles.h"
#include "fake_server.h"
#include "link/enrolment.h"
#include "marks.h"
#include "trust/command_trust.h"
#include "trust/order_journal.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::machineOf;

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
  Result<Identity> enrollAt(const FakeServer& server) { return enroll(server.bundle(), enrolment()); }
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
  static std::size_t distrusts(const FakeServer& server, const std::string& text = "") {
    std::size_t count = 0;
    for (const auto& item : server.items("refusal")) {
      if (item.at("code") == kTrustRefused &&
          item.at("text").get<std::string>().find(text) != std::string::npos)
        ++count;
    }
    return count;
  }
  // Once the agent has asked again.
  bool comesToBelieve(FakeServer& server, bool believe) const {
    server.ring();
    return server.waitFor([&] { return (link_->status().at("distrust") == "") == believe; });
  }
  static std::string lastState(const FakeServer& server, const std::string& id) {
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

TEST_F(LinkTest, enrolment_sends_what_the_server_needs_and_keeps_what_it_answers) {
  FakeServer server;
  const auto identity = enrollAt(server);
  ASSERT_TRUE(identity) << identity.error().text;
  const auto request = server.requests("/agent/v1/enroll").at(0);
  const Json body = parseJson(request.body).value();
  EXPECT_EQ(body.at("token"), "token");
  EXPECT_EQ(body.at("mode"), "report");
  EXPECT_EQ(body.at("public_key"), request.signature.key_id);
  for (const char* member : {"hostname", "agent_version", "platform"})
    EXPECT_TRUE(body.at(member).is_string());
  EXPECT_TRUE(body.at("machine").contains("os_name") && body.at("machine").contains("os_version"));
  const auto stored = IdentityStore(settings_.state, ownMarks()).load();
  ASSERT_TRUE(stored) << stored.error().text;
  EXPECT_EQ(stored->agent_id, "agent-1");
  EXPECT_EQ(stored->authorities, server.authorities());
}

TEST_F(LinkTest, F1_an_enrolment_whose_reply_was_lost_asks_again_with_the_same_key) {
  FakeServer server;
  server.answerWith(
      [lost = 0](FakeServer& self, const FakeRequest& request) mutable -> std::optional<FakeReply> {
        // The first is asked again at once, because it went over a connection that was open already.
        if (++lost > 2) return std::nullopt;
        self.commit(request);
        FakeReply vanished;
        vanished.vanish = true;
        return vanished;
      });
  EXPECT_EQ(enrollAt(server).error().code, Code::kUnavailable);
  EXPECT_FALSE(IdentityStore(settings_.state, ownMarks()).enrolled());
  ASSERT_TRUE(enrollAt(server));
  const auto requests = server.requests("/agent/v1/enroll");
  ASSERT_EQ(requests.size(), 3U);
  for (const auto& request : requests)
    EXPECT_EQ(request.signature.key_id, requests[0].signature.key_id);
}

TEST_F(LinkTest, asking_again_keeps_the_record_of_orders) {
  FakeServer server;
  const auto first = enrollAt(server);
  const auto second = enrollAt(server);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->journal_id, second->journal_id);
  EXPECT_TRUE(OrderJournal::open(orderJournalFile(settings_.state), first->journal_id));
}

TEST_F(LinkTest, a_refused_token_and_a_foreign_server_leave_no_identity) {
  FakeServer server;
  const FakeServer stranger;
  EXPECT_EQ(enroll(server.bundle("wrong"), enrolment()).error().code, Code::kDenied);
  auto bundle = server.bundle();
  bundle.authorities = stranger.authorities();
  EXPECT_EQ(enroll(bundle, enrolment()).error().code, Code::kUnavailable);
  EXPECT_FALSE(IdentityStore(settings_.state, ownMarks()).enrolled());
}

TEST_F(LinkTest, enrols_itself_from_its_file_and_removes_it) {
  FakeServer server;
  std::ofstream(settings_.enrolment_file) << protocol::encodeBundle(server.bundle()).value() << "\n";
  start();
  ASSERT_TRUE(comesToState("connected")) << link_->status();
  EXPECT_FALSE(std::filesystem::exists(settings_.enrolment_file));
  EXPECT_EQ(link_->status().at("agent_id"), "agent-1");
}

TEST_F(LinkTest, A6_a_copied_folder_uses_no_key_and_its_machine_is_bound_again_by_a_bundle) {
  FakeServer server;
  settings_.marks = machineOf({{"machine-id", "the-id"}, {"disks", "the-disk"}, {"nics", "the-nic"}});
  const auto before = enrollAt(server);
  ASSERT_TRUE(before);
  const auto old_key = IdentityStore(settings_.state, settings_.marks).loadKey()->publicKey();

  settings_.marks = machineOf({{"machine-id", "the-id"}, {"disks", "a-disk"}, {"nics", "a-nic"}});
  start();
  ASSERT_TRUE(comesToState("not_bound")) << link_->status();
  EXPECT_NE(link_->status().at("last_error").get<std::string>().find("bound to 2 of 3"), std::string::npos);
  EXPECT_TRUE(server.requests("/agent/v1/upload").empty());
  EXPECT_EQ(server.requests("/agent/v1/enroll").size(), 1U);
  EXPECT_EQ(enrollAt(server).error().code, Code::kDenied) << "a bundle that re-binds nobody";

  auto bundle = server.bundle();
  bundle.rebinds = "agent-2";
  EXPECT_EQ(enroll(bundle, enrolment()).error().code, Code::kConflict);
  bundle.rebinds = "agent-1";
  std::ofstream(settings_.enrolment_file) << protocol::encodeBundle(bundle).value() << "\n";
  ASSERT_TRUE(comesToState("connected")) << link_->status();
  const IdentityStore store(settings_.state, settings_.marks);
  EXPECT_NE(store.loadKey()->publicKey(), old_key);
  EXPECT_EQ(store.load()->agent_id, "agent-1");
  EXPECT_EQ(store.load()->journal_id, before->journal_id) << "what it carried out is not forgotten";
  EXPECT_EQ(link_->status().at("binding").at("text"), "bound to 2 of 3 of machine-id, disks, nics");
}

TEST_F(LinkTest, waits_until_its_machine_can_be_recognised) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  auto broker = std::make_shared<std::atomic<bool>>(false);
  settings_.marks = [broker](const std::string& salt) -> Result<std::vector<Mark>> {
    if (!*broker) return fail(Code::kUnavailable, "no broker yet");
    return ownMarks()(salt);
  };
  start();
  ASSERT_TRUE(comesToState("not_bound")) << link_->status();
  *broker = true;
  EXPECT_TRUE(comesToState("connected")) << link_->status();
}

TEST_F(LinkTest, waits_for_an_enrolment_that_comes_while_it_runs) {
  FakeServer server;
  start();
  ASSERT_TRUE(comesToState("not_enrolled"));
  ASSERT_TRUE(enrollAt(server));
  EXPECT_TRUE(comesToState("connected")) << link_->status();
}

TEST_F(LinkTest, says_at_its_start_how_the_agent_is_and_again_when_that_changes) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.items("agent_status").size() == 1; }));
  EXPECT_EQ(server.items("agent_status")[0].at("hostname"), "h");
  ASSERT_TRUE(spool_.put("breaker"));
  ASSERT_TRUE(server.waitFor([&] { return server.items("breaker").size() == 1; }));
  EXPECT_EQ(server.items("agent_status").size(), 1U);
  scanner_.setFact("mode", "act");
  link_->statusChanged();
  ASSERT_TRUE(server.waitFor([&] { return server.items("agent_status").size() == 2; }));
  EXPECT_EQ(server.items("agent_status")[1].at("mode"), "act");
}

TEST_F(LinkTest, tells_an_older_server_no_settings_when_it_refuses_them) {
  FakeServer server;
  server.answerWith([](FakeServer& self, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target != "/agent/v1/upload") return std::nullopt;
    self.commit(request);
    Json acknowledged = Json::array();
    Json rejected = Json::array();
    for (const Json& item : self.items()) {
      if (item.contains("settings")) {
        rejected.push_back({{"id", item["id"]}, {"code", "item.invalid"}, {"text", "agent_status.settings"}});
      } else {
        acknowledged.push_back(item["id"]);
      }
    }
    return FakeReply{200,
                     "application/json",
                     dumpJson({{"acknowledged", acknowledged}, {"rejected", rejected}}),
                     {},
                     false};
  });
  scanner_.setFact("settings", "as they are");
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.items("agent_status").size() == 2; }));
  EXPECT_TRUE(server.items("agent_status")[0].contains("settings"));
  EXPECT_FALSE(server.items("agent_status")[1].contains("settings"));
  EXPECT_EQ(server.items("agent_status")[1].at("hostname"), "h");
}

TEST_F(LinkTest, a_ring_brings_an_order_and_its_result_comes_back) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  server.ring();
  ASSERT_TRUE(server.waitFor([&] { return lastState(server, "order-1") == "succeeded"; }));
  EXPECT_EQ(scanner_.scans.size(), 1U);
  EXPECT_EQ(link_->status().at("doorbell"), "open");
  EXPECT_EQ(link_->status().at("orders"), "ok");
}

TEST_F(LinkTest, fetches_what_was_ordered_while_the_doorbell_was_away) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  start();
  EXPECT_TRUE(server.waitFor([&] { return lastState(server, "order-1") == "succeeded"; }));
}

TEST_F(LinkTest, asks_again_for_what_one_answer_has_no_room_for) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  constexpr std::size_t kOrders = 80;
  for (std::size_t i = 0; i < kOrders; ++i)
    server.queue(server.order("order-" + std::to_string(i), {{"kernel", "scan", "{}"}}));
  start();
  const auto done = [&] {
    std::set<std::string> ids;
    for (const Json& item : server.items("command_state")) {
      if (item.at("state") == "succeeded") ids.insert(item.at("command_id"));
    }
    return ids.size();
  };
  for (int i = 0; i < 6 && done() < kOrders; ++i)
    server.waitFor([&] { return done() == kOrders; });
  EXPECT_EQ(done(), kOrders) << "nobody rings for them a second time";
}

TEST_F(LinkTest, comes_back_when_the_server_closes_the_doorbell) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  server.closeDoorbells(5);
  ASSERT_TRUE(server.waitFor([&] { return server.requests("/agent/v1/doorbell").size() == 2; }));
  EXPECT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
}

// A proxy that ends what is idle after a few seconds, or a server that is started again and again.
TEST_F(LinkTest, is_not_deaf_for_long_where_a_doorbell_that_was_answered_is_cut_each_time) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  settings_.backoff = {60 * kSecondNs, 60 * kSecondNs, 3};  // of a server that does not answer
  settings_.doorbell_cut = {10'000'000, 50'000'000, 3};
  start();
  for (std::size_t i = 1; i <= 6; ++i) {
    ASSERT_TRUE(server.waitFor([&] {
      return server.requests("/agent/v1/doorbell").size() == i && server.doorbells() == 1;
    })) << i;
    if (i < 6) server.cutDoorbells();
  }
  EXPECT_EQ(link_->status().at("state"), "connected");
  EXPECT_EQ(link_->status().at("breaker"), "closed");
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  server.ring();
  EXPECT_TRUE(server.waitFor([&] { return lastState(server, "order-1") == "succeeded"; }));
}

TEST_F(LinkTest, a_refused_envelope_is_reported) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  auto envelope = server.order("order-1", {{"kernel", "scan", "{}"}});
  envelope.agent_id = "agent-2";
  server.queueRaw(protocol::sealEnvelope(envelope, server.commandKey()).value());
  start();
  ASSERT_TRUE(server.waitFor([&] { return !server.items("refusal").empty(); }));
  EXPECT_EQ(server.items("refusal")[0].at("code"), "wrong_agent");
}

TEST_F(LinkTest, B3_asks_for_the_list_before_every_order_and_refuses_a_key_that_has_ended) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  {
    const auto lock = server.lockTrust();
    server.trust().name({protocol::SigningKey::generate().publicKey()});
  }
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  server.ring();
  ASSERT_TRUE(server.waitFor([&] { return !server.items("refusal").empty(); }));
  EXPECT_EQ(server.items("refusal")[0].at("code"), "unknown_key");
  EXPECT_EQ(lastState(server, "order-1"), "");
}

TEST_F(LinkTest, E6_reports_a_server_that_went_back_takes_no_order_of_it_and_goes_on_reporting) {
  FakeServer server;
  const auto before = server.trust().repository.files;
  server.trust().publish();
  ASSERT_TRUE(enrollAt(server));
  {
    const auto lock = server.lockTrust();
    server.trust().repository.files = before;
  }
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  start();
  ASSERT_TRUE(server.waitFor([&] { return distrusts(server) == 1; }));
  EXPECT_TRUE(server.waitFor([&] { return link_->status().at("refused_orders") >= 1; })) << "the order, too";
  const auto handed = server.requests("/agent/v1/trust");
  ASSERT_FALSE(handed.empty()) << "the server may not know it";
  EXPECT_TRUE(handed[0].signature_ok);
  const Json timestamp =
      parseJson(parseJson(handed[0].body)->at("metadata").at("timestamp.json").get<std::string>()).value();
  EXPECT_EQ(timestamp.at("signed").at("version"), server.trust().repository.version("timestamp"));
  EXPECT_EQ(lastState(server, "order-1"), "");
  ASSERT_TRUE(spool_.put("breaker", {{"number", 1}}));
  EXPECT_TRUE(server.waitFor([&] { return !server.items("breaker").empty(); }));
}

TEST_F(LinkTest, reports_another_reason_to_believe_no_order_although_one_was_reported_a_moment_ago) {
  FakeServer server;
  const auto before = server.trust().repository.files;
  server.trust().publish();
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  {
    const auto lock = server.lockTrust();
    server.trust().repository.files = before;
  }
  ASSERT_TRUE(comesToBelieve(server, false));
  EXPECT_TRUE(server.waitFor([&] { return distrusts(server) == 1; }));
  {
    const auto lock = server.lockTrust();
    server.trust().repository.files.clear();
  }
  server.ring();
  EXPECT_TRUE(server.waitFor([&] { return distrusts(server, "the server has no such file") == 1; }));
  EXPECT_EQ(distrusts(server), 2U);
}

TEST_F(LinkTest, reports_the_same_reason_once_more_when_it_may_if_it_was_over_in_between) {
  FakeServer server;
  const auto files = server.trust().repository.files;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  for (const bool there : {false, true, false}) {
    {
      const auto lock = server.lockTrust();
      server.trust().repository.files = there ? files : decltype(files)();
    }
    ASSERT_TRUE(comesToBelieve(server, there));
    EXPECT_TRUE(server.waitFor([&] { return distrusts(server) == 1; }));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(distrusts(server), 1U) << "not so soon";
  clock_.ahead_ns = 601 * kSecondNs;
  EXPECT_TRUE(server.waitFor([&] { return distrusts(server) == 2; })) << "and nobody has to ring for it";
}

TEST_F(LinkTest, in_mode_report_an_install_is_refused) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  server.queue(server.order("order-1", {{"apt", "install", "{}"}}));
  start();
  ASSERT_TRUE(server.waitFor([&] { return !server.items("refusal").empty(); }));
  EXPECT_EQ(server.items("refusal")[0].at("code"), "mode_report");
}

// F2, F3: what is spooled while the server is away arrives once, in order.
TEST_F(LinkTest, F2_keeps_everything_while_the_server_is_away) {
  auto server = std::make_unique<FakeServer>();
  ASSERT_TRUE(enrollAt(*server));
  const auto port = server->port();
  const auto authority = server->authority();
  start();
  ASSERT_TRUE(comesToState("connected"));
  ASSERT_TRUE(spoolEmpties());
  server.reset();
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(spool_.put("breaker", {{"number", i}}));
  ASSERT_TRUE(comesToState("backing_off"));
  EXPECT_FALSE(link_->status().at("last_error").get<std::string>().empty());
  EXPECT_EQ(spool_.spool->count(), 5U);

  server = std::make_unique<FakeServer>(FakeServer::Options{{}, true, port, authority});
  server->know("agent-1", IdentityStore(settings_.state, ownMarks()).loadKey()->publicKey());
  ASSERT_TRUE(server->waitFor([&] { return server->items("breaker").size() == 5; }));
  const auto items = server->items("breaker");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(items[static_cast<std::size_t>(i)].at("number"), i);
  EXPECT_TRUE(spoolEmpties());
  EXPECT_TRUE(comesToState("connected"));
  link_.reset();
}

TEST_F(LinkTest, F2_backs_off_before_a_portal_that_answers_everything) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  server.answerWith([](FakeServer&, const FakeRequest&) {
    return FakeReply{200, "text/html", "<html>Please accept our terms</html>", {}, false};
  });
  ASSERT_TRUE(spool_.put("breaker"));
  start();
  ASSERT_TRUE(comesToState("backing_off")) << link_->status();
  EXPECT_NE(link_->status().at("last_error").get<std::string>().find("not a RedFlag server"),
            std::string::npos);
  EXPECT_GE(spool_.spool->count(), 1U);
}

TEST_F(LinkTest, opens_its_breaker_and_then_only_probes) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  server.answerWith([](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target == "/agent/v1/token") return std::nullopt;
    return test::problem(503, "server.busy");
  });
  settings_.backoff = {1'000'000, 60 * kSecondNs, 3};
  ASSERT_TRUE(spool_.put("breaker"));
  start();
  for (const char* target : {"/agent/v1/upload", "/agent/v1/doorbell"}) {
    ASSERT_TRUE(server.waitFor([&] { return server.requests(target).size() >= 3; })) << target;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(server.requests("/agent/v1/upload").size(), 3U);
  EXPECT_EQ(server.requests("/agent/v1/doorbell").size(), 3U);
  EXPECT_EQ(link_->status().at("breaker"), "open");
  EXPECT_GE(link_->status().at("next_attempt_s").get<int>(), 20);
}

TEST_F(LinkTest, takes_no_orders_while_its_record_of_them_is_lost_and_reports_on) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  std::filesystem::remove(orderJournalFile(settings_.state));
  server.queue(server.order("order-1", {{"kernel", "scan", "{}"}}));
  start();
  ASSERT_TRUE(server.waitFor([&] { return !server.items("refusal").empty(); }));
  EXPECT_EQ(server.items("refusal")[0].at("code"), "replayed");
  EXPECT_EQ(link_->status().at("orders"), "lost");
  EXPECT_TRUE(scanner_.scans.empty());
  EXPECT_FALSE(server.items("agent_status").empty());
}

TEST_F(LinkTest, stops_at_once_in_every_state) {
  start();
  link_.reset();
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
  const std::int64_t begin = monotonicNow();
  link_->stop();
  EXPECT_LT(monotonicNow() - begin, kSecondNs);
  EXPECT_EQ(link_->status().at("state"), "stopped");
}

TEST_F(LinkTest, refuses_a_proxy_it_does_not_understand) {
  settings_.proxy = "socks5://h";
  link_ = std::make_unique<Link>(settings_, *spool_.spool, scanner_, nullptr);
  EXPECT_EQ(link_->start().error().code, Code::kInvalid);
}

}  // namespace
}  // namespace redflag::kernel
