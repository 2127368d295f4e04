#include "link/uploader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "doubles.h"
#include "fake_server.h"
#include "protocol/compress.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::problem;
using Kind = Failure::Kind;

class UploaderTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    server_.know("agent-1", key_.publicKey());
    api_ = std::make_unique<ServerApi>(
        std::make_unique<HttpsClient>(server_.url(), TlsTrust::make(server_.authorities()).value()),
        Signer{"agent-1", key_, server_clock_});
  }
  void answerOnce(const FakeReply& reply) {
    server_.answerWith(
        [reply, used = false](FakeServer&, const FakeRequest&) mutable -> std::optional<FakeReply> {
          if (std::exchange(used, true)) return std::nullopt;
          return reply;
        });
  }
  Answer<std::size_t> step() { return uploader_.step(*api_); }

  FakeServer server_;
  protocol::SigningKey key_ = protocol::SigningKey::generate();
  test::HandClock clock_;
  ServerClock server_clock_{clock_};
  std::unique_ptr<ServerApi> api_;
  test::TemporaryFolder folder_;
  test::SpoolFixture spool_{folder_.path(), 64U << 20};
  Uploader uploader_{*spool_.spool};
};

TEST_F(UploaderTest, empties_the_spool_oldest_first_in_batches_of_64) {
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(spool_.put("breaker", {{"number", i}}));
  EXPECT_EQ(step().value(), 64U);
  EXPECT_EQ(step().value(), 36U);
  EXPECT_EQ(step().value(), 0U);
  const auto items = server_.items();
  ASSERT_EQ(items.size(), 100U);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(items[static_cast<std::size_t>(i)].at("number"), i);
}

TEST_F(UploaderTest, signs_each_request_anew) {
  ASSERT_TRUE(spool_.put("breaker"));
  ASSERT_TRUE(step());
  ASSERT_TRUE(spool_.put("breaker"));
  ASSERT_TRUE(step());
  const auto requests = server_.requests("/agent/v1/upload");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_TRUE(requests[0].signature_ok && requests[1].signature_ok);
  EXPECT_NE(requests[0].signature.nonce, requests[1].signature.nonce);
}

// F1: the server has stored the items, its answer never arrives.
TEST_F(UploaderTest, F1_sends_again_after_a_lost_reply_and_is_counted_once) {
  server_.answerWith(
      [lost = false](FakeServer& server, const FakeRequest& request) mutable -> std::optional<FakeReply> {
        if (std::exchange(lost, true)) return std::nullopt;
        server.commit(request);
        FakeReply vanished;
        vanished.vanish = true;
        return vanished;
      });
  ASSERT_TRUE(spool_.put("scan", {{"plugin", "apt"}}));
  const auto first = step();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, Kind::kUnreachable);
  EXPECT_EQ(spool_.spool->count(), 1U);
  EXPECT_EQ(step().value(), 1U);
  EXPECT_EQ(server_.items("scan").size(), 1U);
  EXPECT_EQ(server_.repeats(), 1U);
  EXPECT_EQ(spool_.spool->count(), 0U);
}

TEST_F(UploaderTest, removes_exactly_what_was_acknowledged_or_rejected) {
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(spool_.put(name));
  const auto items = spool_.items();
  Json answer = {{"acknowledged", Json::array()}, {"rejected", Json::array()}};
  answer["acknowledged"] = {items[0].at("id"), "01UNKNOWN"};
  answer["rejected"].push_back({{"id", items[1].at("id")}, {"code", "item.kind"}, {"text", "what is b"}});
  answerOnce({200, "application/json", dumpJson(answer), {}, false});
  const auto settled = step();
  ASSERT_TRUE(settled) << settled.error().text;
  EXPECT_EQ(*settled, 2U);
  ASSERT_EQ(spool_.items().size(), 1U);
  EXPECT_EQ(spool_.items()[0].at("kind"), "c");
  const auto rejections = uploader_.takeRejections();
  ASSERT_EQ(rejections.size(), 1U);
  EXPECT_EQ(rejections[0].kind, "b");
  EXPECT_EQ(rejections[0].code, "item.kind");
}

TEST_F(UploaderTest, an_answer_that_settles_nothing_is_a_failure) {
  ASSERT_TRUE(spool_.put("a"));
  answerOnce({200, "application/json", R"({"acknowledged":[],"rejected":[]})", {}, false});
  EXPECT_EQ(step().error().kind, Kind::kBusy);
  EXPECT_EQ(spool_.spool->count(), 1U);
}

TEST_F(UploaderTest, halves_the_batch_until_the_server_takes_it) {
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(spool_.put("breaker", {{"text", std::string(1000, static_cast<char>('a' + i % 26))}}));
  std::atomic<int> refused = 0;
  server_.answerWith([&](FakeServer&, const FakeRequest&) -> std::optional<FakeReply> {
    if (refused < 2) {
      ++refused;
      return problem(413, "request.too_large");
    }
    return std::nullopt;
  });
  EXPECT_EQ(step().value(), 10U);
  while (spool_.spool->count() > 0)
    ASSERT_TRUE(step());
  EXPECT_EQ(server_.items().size(), 40U);
  EXPECT_TRUE(uploader_.takeRejections().empty());
}

TEST_F(UploaderTest, drops_the_one_item_that_spoils_its_batch) {
  for (const char* name : {"good", "good", "poison", "good", "good"})
    ASSERT_TRUE(spool_.put(name));
  server_.answerWith([](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    const std::string text = protocol::expand(request.body, 1U << 20).value();
    if (text.find("poison") == std::string::npos) return std::nullopt;
    return problem(400, "upload.items");
  });
  for (int i = 0; i < 20 && spool_.spool->count() > 0; ++i)
    ASSERT_TRUE(step());
  EXPECT_EQ(spool_.spool->count(), 0U);
  EXPECT_EQ(server_.items("good").size(), 4U);
  const auto rejections = uploader_.takeRejections();
  ASSERT_EQ(rejections.size(), 1U);
  EXPECT_EQ(rejections[0].kind, "poison");
  EXPECT_EQ(rejections[0].code, "upload.items");
}

TEST_F(UploaderTest, drops_nothing_when_something_else_is_wrong) {
  ASSERT_TRUE(spool_.put("a"));
  const std::vector<std::pair<FakeReply, Kind>> cases = {
      {problem(503, "store.busy"), Kind::kBusy},
      {problem(429, "rate.agent"), Kind::kBusy},
      {problem(404, "request.no_such_address"), Kind::kRefused},
      {problem(403, "agent.revoked"), Kind::kDenied},
      {{400, "text/html", "<html>Bad request, says a proxy</html>", {}, false}, Kind::kUnreachable},
      {{200, "text/html", "<html>Welcome to the hotel's network</html>", {}, false}, Kind::kUnreachable},
      {{302, "text/html", "", {{"Location", "http://portal.example.net/"}}, false}, Kind::kUnreachable},
      {{200, "application/json", "{\"acknowledged\":", {}, false}, Kind::kUnreachable},
      {{200, "application/json", "[]", {}, false}, Kind::kUnreachable},
      {{500, "application/json", "", {}, false}, Kind::kBusy}};
  for (const auto& [reply, kind] : cases) {
    answerOnce(reply);
    const auto result = step();
    ASSERT_FALSE(result) << reply.status << reply.body;
    EXPECT_EQ(result.error().kind, kind) << reply.status << " " << reply.body << ": " << result.error().text;
    EXPECT_EQ(spool_.spool->count(), 1U);
  }
  EXPECT_TRUE(uploader_.takeRejections().empty());
}

TEST_F(UploaderTest, signs_again_for_a_server_that_was_restarted) {
  ASSERT_TRUE(spool_.put("a"));
  answerOnce(problem(401, "signature.before_start"));
  EXPECT_EQ(step().value(), 1U);
  const auto requests = server_.requests("/agent/v1/upload");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].signature.nonce, requests[1].signature.nonce);
}

TEST_F(UploaderTest, signs_by_the_servers_clock_once_it_knows_it) {
  clock_.now_ns -= 3600 * kSecondNs;  // this machine is an hour late
  ASSERT_TRUE(spool_.put("a"));
  answerOnce(problem(401, "signature.clock"));
  EXPECT_EQ(step().value(), 1U);
  const auto requests = server_.requests("/agent/v1/upload");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NEAR(static_cast<double>(requests[1].signature.created_s - requests[0].signature.created_s), 3600.0,
              3.0);
  EXPECT_NEAR(static_cast<double>(server_clock_.offsetS()), 3600.0, 3.0);
}

TEST_F(UploaderTest, asks_no_second_time_when_the_server_knows_no_such_agent) {
  ASSERT_TRUE(spool_.put("a"));
  server_.answerWith([](FakeServer&, const FakeRequest&) { return problem(401, "signature.invalid"); });
  EXPECT_EQ(step().error().kind, Kind::kDenied);
  EXPECT_EQ(server_.requests("/agent/v1/upload").size(), 1U);
}

TEST_F(UploaderTest, finds_a_new_connection_when_the_server_closed_the_old_one) {
  ASSERT_TRUE(spool_.put("a"));
  ASSERT_TRUE(step());
  ASSERT_TRUE(spool_.put("b"));
  FakeReply vanished;
  vanished.vanish = true;
  answerOnce(vanished);
  EXPECT_EQ(step().value(), 1U);
}

// Nothing a compressor could make short; with characters of several bytes, which a cut could part.
std::string noise(std::size_t bytes) {
  std::mt19937 random(7);
  std::string out;
  while (out.size() < bytes)
    out += random() % 7 == 0 ? "ü" : std::string(1, static_cast<char>('0' + random() % 75));
  return out;
}

class InParts : public UploaderTest {
 protected:
  void putLong(std::size_t bytes = 9U << 20) {
    text_ = noise(bytes);
    ASSERT_TRUE(spool_.put("command_state", {{"state", "succeeded"}, {"text", text_}}));
    ASSERT_TRUE(spool_.put("breaker"));
  }
  void expectBoth() {
    EXPECT_EQ(spool_.spool->count(), 0U);
    const auto items = server_.items();
    ASSERT_EQ(items.size(), 2U);
    EXPECT_TRUE(items[0].at("text") == text_);
    EXPECT_EQ(items[1].at("kind"), "breaker");
    EXPECT_TRUE(uploader_.takeRejections().empty());
  }
  std::string text_;
};

TEST_F(InParts, an_item_too_long_for_one_upload_arrives_whole_and_in_its_place) {
  putLong();
  EXPECT_EQ(step().value(), 1U);
  EXPECT_EQ(step().value(), 1U);
  expectBoth();
  for (const auto& request : server_.requests("/agent/v1/upload"))
    EXPECT_LT(request.body.size(), 4U << 20);
}

TEST_F(InParts, a_lost_reply_to_any_part_costs_one_upload_and_nothing_twice) {
  putLong();
  std::size_t number = 0;
  server_.answerWith([&](FakeServer& server, const FakeRequest& request) -> std::optional<FakeReply> {
    FakeReply reply = server.commit(request);
    reply.vanish = ++number % 2 == 0;
    return reply;
  });
  for (int i = 0; i < 100 && spool_.spool->count() > 0; ++i)
    static_cast<void>(step());
  expectBoth();
  EXPECT_LT(server_.requests("/agent/v1/upload").size(), 40U);
}

TEST_F(InParts, a_server_that_has_forgotten_the_first_parts_gets_them_again) {
  putLong();
  server_.answerWith(
      [number = 0](FakeServer& server, const FakeRequest&) mutable -> std::optional<FakeReply> {
        if (++number == 3) server.forgetParts();
        return std::nullopt;
      });
  while (spool_.spool->count() > 0)
    ASSERT_TRUE(step());
  expectBoth();
}

TEST_F(InParts, an_agent_that_was_restarted_goes_on_where_it_was) {
  putLong();
  server_.answerWith([number = 0](FakeServer&, const FakeRequest&) mutable -> std::optional<FakeReply> {
    if (++number == 3) return problem(503, "server.stopping");
    return std::nullopt;
  });
  EXPECT_EQ(step().error().kind, Kind::kBusy);
  Uploader restarted(*spool_.spool);
  while (spool_.spool->count() > 0)
    ASSERT_TRUE(restarted.step(*api_));
  expectBoth();
  EXPECT_LT(server_.requests("/agent/v1/upload").size(), 15U);
}

TEST_F(InParts, a_proxy_that_takes_less_gets_parts_as_well) {
  putLong(5U << 20);
  server_.answerWith([](FakeServer&, const FakeRequest& request) -> std::optional<FakeReply> {
    if (request.body.size() > 3U << 20)
      return FakeReply{413, "text/html", "<html>says nginx</html>", {}, false};
    return std::nullopt;
  });
  while (spool_.spool->count() > 0)
    ASSERT_TRUE(step());
  expectBoth();
}

TEST_F(InParts, a_server_that_makes_no_sense_is_left_for_later_with_nothing_lost) {
  putLong(9U << 20);
  for (const char* parts :
       {"[]", R"([{"id":"another","next":1}])", R"([{"id":"%","next":0}])", R"([{"id":"%","next":60}])"}) {
    std::string answer = std::string(R"({"acknowledged":[],"rejected":[],"parts":)") + parts + "}";
    if (const auto at = answer.find('%'); at != std::string::npos)
      answer.replace(at, 1, spool_.items()[0].at("id").get<std::string>());
    server_.answerWith([&](FakeServer&, const FakeRequest&) {
      return FakeReply{200, "application/json", answer, {}, false};
    });
    EXPECT_EQ(step().error().kind, Kind::kBusy) << parts;
    EXPECT_EQ(spool_.spool->count(), 2U);
  }
}

}  // namespace
}  // namespace redflag::kernel
