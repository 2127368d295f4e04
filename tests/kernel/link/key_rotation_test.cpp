// A new key for the agent: whatever is lost or ends in between, one of the two keys opens the server, and the
// order has one outcome.
#include "link/key_rotation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "doubles.h"
#include "fake_server.h"
#include "identity/handover_state.h"
#include "identity/refresh_state.h"
#include "link/access.h"
#include "link/enrolment.h"
#include "link/link.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;

class KeyRotationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    settings_.state = folder_.path() / "state";
    settings_.times = {1'000'000'000, 2'000'000'000, 5'000'000'000};
    settings_.backoff = {10'000'000, 50'000'000, 1000};
    settings_.gather_ns = 1'000'000;
    settings_.tick_ns = 50'000'000;
    settings_.longest_return_ns = 10'000'000;
    EnrolmentSettings settings;
    settings.state = settings_.state;
    settings.times = settings_.times;
    settings.marks = settings_.marks;
    ASSERT_TRUE(enroll(server_.bundle(), settings));
    first_key_ = keyHere();
  }
  void start() {
    link_ = std::make_unique<Link>(settings_, *spool_.spool, scanner_, nullptr);
    ASSERT_TRUE(link_->start());
  }
  bool connects() const {
    for (int i = 0; i < 500; ++i) {
      if (link_->status().at("state") == "connected") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  void orderNewKey(const std::string& id = "order-1") {
    server_.queue(server_.order(id, {{"kernel", "rotate_keys", "{}"}}));
    server_.ring();
  }
  std::vector<Json> told(const std::string& id, const std::string& state) const {
    std::vector<Json> out;
    for (const Json& item : server_.items("command_state"))
      if (item.at("command_id") == id && item.at("state") == state) out.push_back(item);
    return out;
  }
  bool comesTo(const std::string& id, const std::string& state) const {
    return server_.waitFor([&] { return !told(id, state).empty(); });
  }
  std::string keyHere() const {
    return IdentityStore(settings_.state, settings_.marks).loadKey().value().publicKey();
  }
  bool nextKeyHere() const { return std::filesystem::exists(settings_.state / "identity/next-key.json"); }
  std::size_t handovers() const { return server_.requests("/agent/v1/key").size(); }
  // What the server does with the first `count` hand-overs.
  void atFirst(std::size_t count,
               std::function<std::optional<FakeReply>(FakeServer&, const FakeRequest&)> what) {
    server_.answerWith(
        [=, seen = std::size_t{0}](FakeServer& server,
                                   const FakeRequest& request) mutable -> std::optional<FakeReply> {
          if (request.target != "/agent/v1/key" || seen++ >= count) return std::nullopt;
          return what(server, request);
        });
  }
  static FakeReply vanished() {
    FakeReply reply;
    reply.vanish = true;
    return reply;
  }

  test::TemporaryFolder folder_;
  test::SpoolFixture spool_{folder_.path(), 64U << 20};
  test::FakeScanner scanner_;
  LinkSettings settings_;
  FakeServer server_;
  std::string first_key_;
  std::unique_ptr<Link> link_;
};

TEST_F(KeyRotationTest, gives_the_agent_a_new_key_that_it_goes_on_with) {
  start();
  ASSERT_TRUE(connects());
  orderNewKey();
  ASSERT_TRUE(comesTo("order-1", "succeeded"));
  EXPECT_NE(keyHere(), first_key_);
  EXPECT_EQ(keyHere(), server_.keyOf("agent-1"));
  EXPECT_FALSE(nextKeyHere());
  EXPECT_EQ(told("order-1", "succeeded").at(0).at("results").at(0).at("key_id"), protocol::keyId(keyHere()));
  server_.old_key_opens = false;
  server_.queue(server_.order("order-2", {{"kernel", "scan", "{}"}}));
  server_.ring();
  EXPECT_TRUE(comesTo("order-2", "succeeded")) << "with the new key alone";
  link_.reset();
  start();
  EXPECT_TRUE(connects());
}

TEST_F(KeyRotationTest, is_asked_for_again_with_the_same_key_when_the_answer_was_lost) {
  atFirst(3, [](FakeServer& server, const FakeRequest& request) {
    server.commit(request);
    return std::optional(vanished());
  });
  start();
  ASSERT_TRUE(connects());
  orderNewKey();
  ASSERT_TRUE(comesTo("order-1", "succeeded"));
  EXPECT_EQ(keyHere(), server_.keyOf("agent-1"));
  const auto sent = server_.requests("/agent/v1/key");
  for (const auto& request : sent)
    EXPECT_EQ(request.body, sent.front().body);
}

TEST_F(KeyRotationTest, whose_answer_was_lost_until_the_old_key_was_over_is_found_out_with_the_new_one) {
  atFirst(1, [](FakeServer& server, const FakeRequest& request) {
    server.commit(request);
    server.old_key_opens = false;
    return std::optional(vanished());
  });
  start();
  ASSERT_TRUE(connects());
  orderNewKey();
  ASSERT_TRUE(comesTo("order-1", "succeeded"));
  EXPECT_EQ(keyHere(), server_.keyOf("agent-1"));
}

TEST_F(KeyRotationTest, that_was_cut_off_by_a_stop_goes_on_at_the_next_start_with_one_outcome) {
  for (const bool committed : {false, true}) {
    const std::string id = committed ? "order-taken" : "order-not-taken";
    const std::string before = keyHere();
    std::atomic<bool> reached = false;
    server_.answerWith([&](FakeServer& server, const FakeRequest& request) -> std::optional<FakeReply> {
      if (request.target != "/agent/v1/key") return std::nullopt;
      if (committed) server.commit(request);
      reached = true;
      return vanished();
    });
    start();
    ASSERT_TRUE(connects());
    orderNewKey(id);
    ASSERT_TRUE(server_.waitFor([&] { return reached.load(); }));
    link_.reset();
    EXPECT_EQ(keyHere(), before);
    EXPECT_TRUE(nextKeyHere()) << "both are kept";
    server_.answerWith({});
    start();
    ASSERT_TRUE(comesTo(id, "succeeded"));
    EXPECT_EQ(told(id, "succeeded").size(), 1U);
    EXPECT_TRUE(told(id, "failed").empty());
    EXPECT_NE(keyHere(), before);
    EXPECT_EQ(keyHere(), server_.keyOf("agent-1"));
    ASSERT_TRUE(connects());
    link_.reset();
  }
}

// As it is after a crash between any two of the steps.
TEST_F(KeyRotationTest, opens_the_server_from_whatever_a_crash_left) {
  const IdentityStore store(settings_.state, settings_.marks);
  const auto key = store.loadKey().value();
  const std::string agent = "agent-1";
  KeyRotation rotation({store, agent, key});
  ASSERT_TRUE(store.loadOrMakeNextKey());
  EXPECT_FALSE(rotation.unsettled()) << "a key that nobody was told of";
  start();
  ASSERT_TRUE(connects());
  EXPECT_EQ(handovers(), 0U);
  link_.reset();

  ASSERT_TRUE(rotation.begin("order-1"));
  EXPECT_TRUE(rotation.unsettled());
  start();
  ASSERT_TRUE(connects());
  EXPECT_EQ(handovers(), 1U) << "before an access token is asked for";
  EXPECT_FALSE(rotation.unsettled());
  EXPECT_NE(keyHere(), first_key_);
  EXPECT_EQ(keyHere(), server_.keyOf(agent));
  link_.reset();

  const auto new_key = store.loadKey().value();
  EXPECT_TRUE(KeyRotation({store, agent, new_key}).doneFor("order-1"));
  EXPECT_FALSE(KeyRotation({store, agent, new_key}).doneFor("order-2"));
  start();
  ASSERT_TRUE(connects());
  orderNewKey("order-1");
  ASSERT_TRUE(comesTo("order-1", "succeeded"));
  EXPECT_EQ(keyHere(), new_key.publicKey()) << "its order is not carried out twice";
  EXPECT_EQ(handovers(), 1U);
}

TEST_F(KeyRotationTest, that_the_server_refuses_leaves_the_agent_its_key) {
  atFirst(1, [](FakeServer&, const FakeRequest&) {
    return std::optional(test::problem(404, "key.not_ordered"));
  });
  start();
  ASSERT_TRUE(connects());
  orderNewKey();
  ASSERT_TRUE(comesTo("order-1", "failed"));
  EXPECT_EQ(told("order-1", "failed").at(0).at("code"), "conflict");
  EXPECT_EQ(keyHere(), first_key_);
  EXPECT_FALSE(nextKeyHere());
  ASSERT_TRUE(connects());
  orderNewKey("order-2");
  EXPECT_TRUE(comesTo("order-2", "succeeded"));
  EXPECT_NE(keyHere(), first_key_);
}

TEST_F(KeyRotationTest, keeps_both_keys_while_something_else_than_the_server_refuses) {
  atFirst(2, [](FakeServer& server, const FakeRequest& request) {
    server.commit(request);
    return std::optional(FakeReply{403, "text/html", "<h1>no</h1>", {}, false});
  });
  start();
  ASSERT_TRUE(connects());
  orderNewKey();
  ASSERT_TRUE(comesTo("order-1", "succeeded"));
  EXPECT_EQ(keyHere(), server_.keyOf("agent-1"));
}

TEST_F(KeyRotationTest, first_has_the_answer_to_a_document_that_the_old_key_signed) {
  const IdentityStore store(settings_.state, settings_.marks);
  const auto key = store.loadKey().value();
  const std::string agent = "agent-1";
  KeyRotation rotation({store, agent, key});
  Access access({store.folder(), agent, key, &rotation});
  const auto trust = TlsTrust::make(server_.authorities()).value();
  ServerClock clock(systemClock());
  ServerApi api(std::make_unique<HttpsClient>(server_.url(), trust, Proxy{}, settings_.times),
                {agent, key, clock, &access});
  const auto token = access.authorization(api).value();
  const auto pending = [&] { return !loadRefreshState(store.folder()).value().pending.is_null(); };

  // The server has the next document, and its answer is lost.
  server_.answerWith([](FakeServer& server, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.target != "/agent/v1/token") return std::nullopt;
    server.commit(request);
    return vanished();
  });
  access.refused(token);
  ASSERT_FALSE(access.authorization(api));
  ASSERT_TRUE(pending());
  EXPECT_FALSE(access.changeKey(api, "order-1"));
  EXPECT_TRUE(pending());
  EXPECT_EQ(handovers(), 0U) << "not while the server may have a document that is not answered";

  server_.answerWith({});
  ASSERT_TRUE(access.changeKey(api, "order-1"));
  EXPECT_FALSE(pending());
  EXPECT_EQ(keyHere(), server_.keyOf(agent));
  const auto before = server_.requests("/agent/v1/token").size();
  access.refused("Bearer access-2");
  EXPECT_FALSE(access.authorization(api)) << "the old key asks for nothing any more";
  EXPECT_EQ(server_.requests("/agent/v1/token").size(), before);
  start();
  EXPECT_TRUE(connects()) << "and the new one goes on where it was";
}

TEST_F(KeyRotationTest, with_parameters_that_are_not_its_own_fails_and_asks_nothing) {
  start();
  ASSERT_TRUE(connects());
  server_.queue(server_.order("order-1", {{"kernel", "rotate_keys", R"({"key":"mine"})"}}));
  server_.ring();
  ASSERT_TRUE(comesTo("order-1", "failed"));
  EXPECT_EQ(handovers(), 0U);
}

TEST_F(KeyRotationTest, state_that_is_damaged_is_refused_by_name) {
  const auto folder = settings_.state / "identity";
  for (const char* text : {"", "{}", R"({"v":1,"command_id":"c","new_key":"x","handover":{}})"}) {
    ASSERT_TRUE(platform::writeFileAtomic(folder / "handover.json", text, 0600));
    const auto state = loadHandover(folder);
    ASSERT_FALSE(state);
    EXPECT_NE(state.error().text.find("handover.json"), std::string::npos);
  }
}

}  // namespace
}  // namespace redflag::kernel
