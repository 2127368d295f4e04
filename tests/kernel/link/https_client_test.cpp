#include "link/https_client.h"

#include <Poco/Net/ServerSocket.h>
#include <gtest/gtest.h>

#include <thread>

#include "doubles.h"
#include "fake_server.h"
#include "relay.h"

namespace redflag::kernel {
namespace {

using test::FakeReply;
using test::FakeServer;

constexpr HttpTimes kShort{300'000'000, 500'000'000, 1'000'000'000};

class HttpsClientTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initCrypto()); }

  static std::unique_ptr<HttpsClient> client(const FakeServer& server,
                                             const std::vector<std::string>& authorities,
                                             const Proxy& proxy = {}) {
    return std::make_unique<HttpsClient>(server.url(), TlsTrust::make(authorities).value(), proxy, kShort);
  }
  static Result<HttpReply> get(HttpsClient& client) {
    return client.exchange({"GET", "/x", "", {}}, 100'000);
  }
  static void answer(FakeServer& server, const FakeReply& reply) {
    server.answerWith([reply](FakeServer&, const test::FakeRequest&) { return reply; });
  }
  static std::string refusal(const FakeServer& server, const std::vector<std::string>& authorities) {
    const auto reply = get(*client(server, authorities));
    EXPECT_FALSE(reply);
    EXPECT_TRUE(server.requests("/x").empty()) << "nothing may be sent before the server is known";
    return reply ? "accepted" : reply.error().text;
  }
};

TEST_F(HttpsClientTest, talks_to_the_server_of_its_bundle) {
  FakeServer server;
  answer(server, {200, "application/json; charset=utf-8", "{\"a\":1}", {{"Retry-After", "7"}}, false});
  const auto reply = get(*client(server, server.authorities()));
  ASSERT_TRUE(reply) << reply.error().text;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->content_type, "application/json");
  EXPECT_EQ(reply->body, "{\"a\":1}");
  EXPECT_EQ(reply->retry_after_s, 7);
  ASSERT_TRUE(reply->date_s);
  EXPECT_NEAR(static_cast<double>(*reply->date_s), static_cast<double>(epochNow() / kSecondNs), 3.0);
}

// No machine's resolver knows who 127.77.1.2 is; nobody listens there either.
TEST_F(HttpsClientTest, asks_no_resolver_about_an_address) {
  const FakeServer server;
  HttpsClient client("https://127.77.1.2:1", TlsTrust::make(server.authorities()).value(), {}, kShort);
  const auto reply = get(client);
  ASSERT_FALSE(reply);
  EXPECT_NE(reply.error().text.find("Connection refused"), std::string::npos) << reply.error().text;
}

TEST_F(HttpsClientTest, F2_a_name_that_nobody_knows_is_a_failure_like_any_other) {
  const FakeServer server;
  HttpsClient client("https://redflag.invalid:8443", TlsTrust::make(server.authorities()).value(), {},
                     kShort);
  for (int i = 0; i < 3; ++i) {
    const auto reply = get(client);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::kUnavailable);
    EXPECT_NE(reply.error().text.find("redflag.invalid"), std::string::npos) << reply.error().text;
  }
}

TEST_F(HttpsClientTest, F4_refuses_a_certificate_of_another_authority) {
  FakeServer server;
  const FakeServer stranger;
  EXPECT_NE(refusal(server, stranger.authorities()).find("certificate"), std::string::npos);
}

TEST_F(HttpsClientTest, F4_refuses_a_certificate_for_another_name) {
  for (const char* name : {"DNS:elsewhere.example.net", "IP:127.0.0.2", "DNS:127.0.0.1.example.net"}) {
    FakeServer server({{name}, true, 0, nullptr});
    EXPECT_NE(refusal(server, server.authorities()), "accepted") << name;
  }
}

TEST_F(HttpsClientTest, F4_refuses_a_certificate_that_has_expired_or_is_not_valid_yet) {
  FakeServer expired({{"IP:127.0.0.1", -7000, -60}, true, 0, nullptr});
  EXPECT_NE(refusal(expired, expired.authorities()).find("expired"), std::string::npos);
  FakeServer early({{"IP:127.0.0.1", 3600, 7200}, true, 0, nullptr});
  EXPECT_NE(refusal(early, early.authorities()).find("not yet valid"), std::string::npos);
}

TEST_F(HttpsClientTest, F4_never_speaks_plain_http) {
  FakeServer server({{}, false, 0, nullptr});
  refusal(server, server.authorities());
}

TEST_F(HttpsClientTest, F4_does_not_follow_redirects) {
  FakeServer server;
  FakeServer target;
  answer(server, {302, "text/html", "", {{"Location", target.url() + "/x"}}, false});
  const auto reply = get(*client(server, server.authorities()));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 302);
  EXPECT_TRUE(target.requests("/x").empty());
}

TEST_F(HttpsClientTest, stops_reading_at_the_limit) {
  FakeServer server;
  answer(server, {200, "application/json", std::string(200'000, ' '), {}, false});
  EXPECT_EQ(get(*client(server, server.authorities())).error().code, Code::kLimit);
}

TEST_F(HttpsClientTest, keeps_its_connection_and_notices_when_it_is_gone) {
  auto server = std::make_unique<FakeServer>();
  answer(*server, {});
  const auto one = client(*server, server->authorities());
  ASSERT_TRUE(get(*one));
  EXPECT_FALSE(one->reused());
  ASSERT_TRUE(get(*one));
  EXPECT_TRUE(one->reused());
  const auto port = server->port();
  const auto authority = server->authority();
  server.reset();
  FakeServer back({{}, true, port, authority});
  answer(back, {});
  const auto broken = get(*one);
  EXPECT_TRUE(broken || one->reused()) << "worth one more try";
  EXPECT_TRUE(get(*one));
}

TEST_F(HttpsClientTest, gives_up_on_a_black_hole) {
  // Takes connections and never answers.
  Poco::Net::ServerSocket hole(Poco::Net::SocketAddress("127.0.0.1", 0));
  const FakeServer server;
  HttpsClient client("https://127.0.0.1:" + std::to_string(hole.address().port()),
                     TlsTrust::make(server.authorities()).value(), {}, kShort);
  const std::int64_t begin = monotonicNow();
  EXPECT_EQ(get(client).error().code, Code::kUnavailable);
  EXPECT_LT(monotonicNow() - begin, 4 * kSecondNs);
}

TEST_F(HttpsClientTest, is_interrupted_while_it_waits) {
  FakeServer server;
  server.know("agent-1", "");
  HttpsClient client(server.url(), TlsTrust::make(server.authorities()).value(), {});
  answer(server, {200, "text/event-stream", "", {}, false});
  std::thread other([&] {
    EXPECT_TRUE(server.waitFor([&] { return server.doorbells() == 1; }));
    client.interrupt();
  });
  const auto reply = client.stream(
      {"GET", "/x", "", {}}, 60 * kSecondNs, [] {}, [](std::string_view) { return true; });
  other.join();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kCancelled);
  EXPECT_EQ(get(client).error().code, Code::kCancelled) << "and for good";
}

TEST_F(HttpsClientTest, is_interrupted_in_whatever_moment_of_its_connect) {
  FakeServer server;
  answer(server, {200, "text/event-stream", "", {}, false});
  for (int i = 0; i < 80; ++i) {
    const auto client = this->client(server, server.authorities());
    std::thread stopper([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(10 * i));
      client->interrupt();
    });
    const std::int64_t began = monotonicNow();
    const auto reply = client->stream(
        {"GET", "/x", "", {}}, 10 * kSecondNs, [] {}, [](std::string_view) { return true; });
    stopper.join();
    EXPECT_LT(monotonicNow() - began, 5 * kSecondNs) << "after " << 10 * i << " microseconds";
    server.closeDoorbells(0);
  }
}

TEST_F(HttpsClientTest, counts_a_silent_stream_as_dead) {
  FakeServer server;
  answer(server, {200, "text/event-stream", "", {}, false});
  HttpsClient client(server.url(), TlsTrust::make(server.authorities()).value(), {});
  const auto reply = client.stream(
      {"GET", "/x", "", {}}, 200'000'000, [] {}, [](std::string_view) { return true; });
  EXPECT_EQ(reply.error().code, Code::kUnavailable);
}

// Poco alone would go on without checking the name.
TEST_F(HttpsClientTest, a_stalled_handshake_does_not_skip_the_check_of_the_name) {
  FakeServer server({{"DNS:elsewhere.example.net"}, true, 0, nullptr});
  answer(server, {});
  test::Relay relay(server.port(), {false, std::chrono::milliseconds(450)});
  {
    HttpsClient client("https://127.0.0.1:" + std::to_string(relay.port()),
                       TlsTrust::make(server.authorities()).value(), {}, kShort);
    EXPECT_FALSE(get(client));
  }
  relay.join();
  EXPECT_TRUE(server.requests("/x").empty());
}

// CONNECT and nothing else: the proxy sees host and port, never a request.
TEST_F(HttpsClientTest, goes_through_a_proxy_end_to_end) {
  FakeServer server;
  answer(server, {});
  test::Relay proxy(server.port(), {true, std::chrono::milliseconds(0)});
  {
    const auto setting = parseProxy("http://127.0.0.1:" + std::to_string(proxy.port()));
    const auto reply = get(*client(server, server.authorities(), setting.value()));
    EXPECT_TRUE(reply) << reply.error().text;
  }
  proxy.join();
  EXPECT_EQ(proxy.asked().rfind("CONNECT 127.0.0.1:" + std::to_string(server.port()), 0), 0U)
      << proxy.asked();
  EXPECT_EQ(proxy.asked().find("/x"), std::string::npos);
}

TEST(ProxySetting, is_none_an_address_or_refused) {
  EXPECT_EQ(parseProxy("none")->host, "");
  EXPECT_EQ(parseProxy("http://proxy.example.net:3128")->port, 3128);
  EXPECT_FALSE(parseProxy("socks5://proxy"));
  EXPECT_FALSE(parseProxy("proxy:3128"));
}

}  // namespace
}  // namespace redflag::kernel
