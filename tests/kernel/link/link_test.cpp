#include "link_fixture.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

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

TEST_F(LinkTest, dates_how_the_agent_is_before_it_looks) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  scanner_.status_takes = std::chrono::milliseconds(20);
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.items("agent_status").size() == 1; }));
  const auto at = fromRfc3339(server.items("agent_status")[0].at("at").get<std::string>());
  const std::lock_guard lock(scanner_.mutex);
  EXPECT_LE(at.value(), scanner_.status_asked_at);
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

TEST_F(LinkTest, D16_opens_no_breaker_for_a_server_that_asks_it_to_come_later) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  int asked = 0;
  server.answerWith([&](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target != "/agent/v1/upload" || ++asked > 2) return std::nullopt;
    return test::putOff(1);
  });
  settings_.backoff = {1'000'000, 60 * kSecondNs, 2};  // open, it would ask again after half a minute
  ASSERT_TRUE(spool_.put("breaker"));
  start();
  EXPECT_TRUE(comesToState("backing_off"));
  EXPECT_TRUE(server.waitFor([&] { return asked >= 2; }));
  EXPECT_EQ(link_->status().at("breaker"), "closed");
  EXPECT_TRUE(server.waitFor([&] { return !server.items("breaker").empty(); }));
  link_.reset();
}

TEST_F(LinkTest, D16_comes_no_sooner_than_it_was_asked_to_although_the_doorbell_rings) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  server.answerWith([](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target != "/agent/v1/upload") return std::nullopt;
    return test::putOff(60);
  });
  ASSERT_TRUE(spool_.put("breaker"));
  start();
  ASSERT_TRUE(server.waitFor(
      [&] { return server.requests("/agent/v1/upload").size() == 1 && server.doorbells() == 1; }));
  const std::size_t fetches = server.requests("/agent/v1/commands/fetch").size();
  server.ring();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(server.requests("/agent/v1/upload").size(), 1U);
  EXPECT_EQ(server.requests("/agent/v1/commands/fetch").size(), fetches);
}

TEST_F(LinkTest, D16_obeys_as_well_where_the_trust_documents_are_put_off) {
  FakeServer server;
  ASSERT_TRUE(enrollAt(server));
  std::size_t asked = 0;
  {
    const auto lock = server.lockTrust();
    server.trust_override = [&](FakeServer&, const FakeRequest&) {
      ++asked;
      return std::optional(test::putOff(60));
    };
  }
  settings_.backoff = {1'000'000, 50'000'000, 2};
  start();
  ASSERT_TRUE(server.waitFor([&] { return asked > 0 && server.doorbells() == 1; }));
  server.ring();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const Json status = link_->status();
  EXPECT_EQ(status.at("breaker"), "closed");
  EXPECT_EQ(status.at("distrust"), "") << "nothing was offered that could be disbelieved";
  const auto lock = server.lockTrust();
  EXPECT_EQ(asked, 1U);
  EXPECT_TRUE(server.requests("/agent/v1/commands/fetch").empty());
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
