#include "link/access.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <utility>

#include "doubles.h"
#include "fake_server.h"
#include "identity/refresh_state.h"
#include "link/enrolment.h"
#include "link/link.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

class AccessTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    settings_.state = folder_.path() / "state";
    settings_.times = {1'000'000'000, 2'000'000'000, 5'000'000'000};
    settings_.backoff = {10'000'000, 50'000'000, 1000};
    settings_.gather_ns = 1'000'000;
    settings_.tick_ns = 50'000'000;
    settings_.longest_return_ns = 10'000'000;
  }
  void enrolAt(const FakeServer& server) {
    EnrolmentSettings settings;
    settings.state = settings_.state;
    settings.times = settings_.times;
    settings.marks = settings_.marks;
    const auto identity = enroll(server.bundle(), settings);
    ASSERT_TRUE(identity) << identity.error().text;
  }
  void start() {
    link_ = std::make_unique<Link>(settings_, *spool_.spool, scanner_, nullptr);
    ASSERT_TRUE(link_->start());
  }
  bool shows(const std::function<bool(const Json&)>& what) const {
    for (int i = 0; i < 500; ++i) {
      if (what(link_->status())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool comesToState(const std::string& state) const {
    return shows([&](const Json& status) { return status.at("state") == state; });
  }
  RefreshState onDisk() const { return loadRefreshState(settings_.state / "identity").value(); }
  static std::vector<std::string> documents(const FakeServer& server) {
    std::vector<std::string> out;
    for (const auto& request : server.requests("/agent/v1/token"))
      out.push_back(dumpJson(parseJson(request.body).value().at("document")));
    return out;
  }

  test::TemporaryFolder folder_;
  test::SpoolFixture spool_{folder_.path(), 64U << 20};
  test::FakeScanner scanner_;
  LinkSettings settings_;
  std::unique_ptr<Link> link_;
};

using AgentAccess = AccessTest;

TEST_F(AgentAccess, is_asked_for_at_each_start_and_goes_with_every_request) {
  FakeServer server;
  enrolAt(server);
  for (std::int64_t run = 1; run <= 2; ++run) {
    start();
    EXPECT_TRUE(server.waitFor([&] {
      return static_cast<std::int64_t>(server.requests("/agent/v1/commands/fetch").size()) >= run;
    }));
    EXPECT_TRUE(comesToState("connected"));
    link_.reset();
    EXPECT_EQ(onDisk().number, run);
    EXPECT_TRUE(onDisk().pending.is_null());
  }
  for (const auto& request : server.requests("/agent/v1/token"))
    EXPECT_EQ(request.authorization, "") << "the key alone";
  ASSERT_FALSE(server.requests("/agent/v1/commands/fetch").empty());
  for (const auto& request : server.requests("/agent/v1/commands/fetch"))
    EXPECT_TRUE(request.authorization.starts_with("Bearer access-"));
}

TEST_F(AgentAccess, A7_sends_the_document_on_its_disk_again_until_it_has_the_answer) {
  FakeServer server;
  enrolAt(server);
  std::vector<Json> kept;
  server.answerWith([&](FakeServer& self, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target != "/agent/v1/token") return std::nullopt;
    kept.push_back(onDisk().pending);
    if (kept.size() > 3) return std::nullopt;
    self.commit(request);
    FakeReply vanished;
    vanished.vanish = true;
    return vanished;
  });
  start();
  EXPECT_TRUE(comesToState("connected"));
  link_.reset();
  const auto sent = documents(server);
  ASSERT_GE(sent.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(sent[i], sent[0]);
    EXPECT_EQ(dumpJson(kept[i]), sent[0]) << "durable before it was sent";
  }
  EXPECT_EQ(onDisk().number, 1);
}

TEST_F(AgentAccess, lets_go_of_a_document_that_another_key_signed) {
  FakeServer server;
  enrolAt(server);
  const auto folder = settings_.state / "identity";
  auto state = loadRefreshState(folder).value();
  const protocol::StateDocument left{state.agent_id,
                                     state.number + 1,
                                     "boot",
                                     std::string(32, 'm'),
                                     protocol::tokenHash(state.refresh_token),
                                     std::string(16, 'n')};
  state.pending = protocol::sealStateDocument(left, protocol::SigningKey::generate());
  ASSERT_TRUE(saveRefreshState(folder, state));
  start();
  EXPECT_TRUE(comesToState("connected"));
  link_.reset();
  EXPECT_NE(documents(server).at(0), dumpJson(state.pending));
}

TEST_F(AgentAccess, is_renewed_when_two_thirds_of_its_life_are_over) {
  FakeServer server;
  server.access_life_s = 2;
  enrolAt(server);
  start();
  EXPECT_TRUE(shows([&](const Json&) {
    server.ring();
    return server.requests("/agent/v1/token").size() >= 2;
  }));
}

TEST_F(AgentAccess, that_the_server_takes_no_more_is_asked_for_anew_at_once) {
  FakeServer server;
  enrolAt(server);
  start();
  ASSERT_TRUE(comesToState("connected"));
  server.answerWith(
      [once = false](FakeServer&, const FakeRequest& request) mutable -> std::optional<FakeReply> {
        if (request.target != "/agent/v1/commands/fetch" || std::exchange(once, true)) return std::nullopt;
        return test::problem(401, "token.superseded");
      });
  server.ring();
  EXPECT_TRUE(server.waitFor([&] { return server.requests("/agent/v1/token").size() == 2; }));
  EXPECT_TRUE(comesToState("connected"));
}

TEST_F(AgentAccess, A12_says_why_the_server_gives_no_orders) {
  FakeServer server;
  server.held = {{"state", "pending"}, {"reason", "a person has to accept it"}};
  enrolAt(server);
  start();
  EXPECT_TRUE(shows([](const Json& status) { return status.at("held").is_object(); }));
  EXPECT_EQ(link_->status().at("held").at("state"), "pending");
  EXPECT_EQ(link_->status().at("held").at("reason"), "a person has to accept it");
}

TEST_F(AgentAccess, A12_keeps_what_it_has_until_it_is_accepted_and_sends_it_then) {
  FakeServer server;
  std::atomic<bool> accepted = false;
  server.held = {{"state", "pending"}, {"reason", "a person has to accept it"}};
  enrolAt(server);
  server.answerWith([&](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    if (accepted || request.target != "/agent/v1/upload") return std::nullopt;
    return test::problem(503, "agent.held");
  });
  start();
  ASSERT_TRUE(server.waitFor([&] { return server.requests("/agent/v1/upload").size() == 1; }));
  EXPECT_TRUE(shows([](const Json& status) { return status.at("held").is_object(); }));
  EXPECT_EQ(link_->status().at("state"), "connected") << "the server is there";
  EXPECT_EQ(link_->status().at("failures"), 0);
  const std::size_t fetches = server.requests("/agent/v1/commands/fetch").size();
  server.ring();
  ASSERT_TRUE(server.waitFor([&] { return server.requests("/agent/v1/commands/fetch").size() > fetches; }));
  EXPECT_EQ(server.requests("/agent/v1/upload").size(), 1U) << "it is not asked again and again";
  EXPECT_GT(spool_.spool->count(), 0U);
  {
    const auto lock = server.lockTrust();
    accepted = true;
    server.held = Json();
  }
  server.ring();
  EXPECT_TRUE(server.waitFor([&] { return !server.items("agent_status").empty(); }));
  EXPECT_TRUE(shows([&](const Json&) { return spool_.spool->count() == 0; }));
  link_.reset();
}

TEST_F(AgentAccess, A11_says_that_it_was_revoked) {
  FakeServer server;
  enrolAt(server);
  server.answerWith(
      [](FakeServer&, const FakeRequest&) { return std::optional(test::problem(401, "agent.revoked")); });
  start();
  EXPECT_TRUE(comesToState("revoked"));
  link_.reset();  // it goes on asking, over a connection that the server would wait for
}

TEST_F(AgentAccess, of_an_agent_without_a_refresh_token_needs_a_new_enrolment) {
  FakeServer server;
  enrolAt(server);
  ASSERT_TRUE(forgetRefreshState(settings_.state / "identity"));
  start();
  ASSERT_TRUE(comesToState("refused"));
  EXPECT_NE(link_->status().at("last_error").get<std::string>().find("redflag-agent enroll"),
            std::string::npos);
  EXPECT_TRUE(server.requests("/agent/v1/token").empty());
}

TEST_F(AgentAccess, state_that_is_damaged_is_refused_by_name) {
  FakeServer server;
  enrolAt(server);
  const auto file = settings_.state / "identity/refresh.json";
  for (const char* text :
       {"", "{}", R"({"v":1,"agent_id":"a","number":-1,"refresh_token":"x","pending":null})"}) {
    std::ofstream(file, std::ios::trunc) << text;
    const auto state = loadRefreshState(settings_.state / "identity");
    ASSERT_FALSE(state);
    EXPECT_NE(state.error().text.find("refresh.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace redflag::kernel
