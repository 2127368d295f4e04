#include "http/front.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

#include "base/json.h"
#include "front_fixture.h"
#include "protocol/compress.h"

namespace redflag::http {
namespace {

using testing::Reply;
using testing::request;
using testing::TlsClient;

// Of this process, so that a busy machine changes nothing.
std::int64_t usedCpuMs() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

std::int64_t millisecondsSince(std::int64_t began_ns) {
  return (monotonicNow() - began_ns) / 1'000'000;
}

TEST_F(FrontTest, answers_with_the_date_and_the_security_headers) {
  const Reply reply = ask(request("GET", "/api/hello"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "\"hello\"");
  for (const char* name : {"date", "strict-transport-security", "x-content-type-options", "referrer-policy",
                           "content-security-policy", "cache-control"}) {
    EXPECT_TRUE(reply.headers.contains(name)) << name;
  }
}

TEST_F(FrontTest, serves_the_application_for_what_is_no_interface) {
  EXPECT_EQ(ask(request("GET", "/updates")).body, "page");
  EXPECT_EQ(ask(request("GET", "/")).body, "page");
  EXPECT_EQ(ask(request("POST", "/updates")).status, 404);
  EXPECT_EQ(ask(request("GET", "/api/nothing")).status, 404);
  EXPECT_EQ(ask(request("GET", "/agent/nothing")).status, 404);
  for (const char* path : {"/api", "/API/hello", "//api/hello", "/updates//x", "//"}) {
    EXPECT_EQ(ask(request("GET", path)).status, 404) << path;
  }
}

TEST_F(FrontTest, makes_a_problem_document_of_a_problem) {
  const Reply reply = ask(request("GET", "/api/problem"));
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(reply.headers.at("retry-after"), "7");
  const Json body = Json::parse(reply.body);
  EXPECT_EQ(body["code"], "thing.taken");
  EXPECT_EQ(body["field"], "name");
  EXPECT_EQ(body["status"], 409);
  EXPECT_EQ(body["request_id"].get<std::string>().size(), 26U);
}

TEST_F(FrontTest, tells_nothing_of_an_unexpected_failure_but_its_id) {
  const Reply reply = ask(request("GET", "/api/broken"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(Json::parse(reply.body)["code"], "internal");
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
}

TEST_F(FrontTest, asks_for_permission_before_the_body) {
  const Reply reply = ask("GET /api/me HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(ask(request("GET", "/api/me", "X-User: u\r\n")).status, 200);
}

TEST_F(FrontTest, names_the_methods_that_would_do) {
  const Reply reply = ask(request("POST", "/api/hello"));
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD");
}

TEST_F(FrontTest, answers_head_without_a_body) {
  TlsClient client(front_->port());
  client.send(request("HEAD", "/api/hello") + request("GET", "/api/hello"));
  const Reply head = client.reply(false);
  EXPECT_EQ(head.headers.at("content-length"), "7");
  EXPECT_EQ(client.reply().body, "\"hello\"");
}

TEST_F(FrontTest, F4_answers_nothing_to_whoever_speaks_without_tls_and_tells_of_it) {
  TlsClient client(front_->port(), 8000, false);
  ASSERT_EQ(::write(client.fd(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27), 27);
  std::array<char, 64> got{};
  const auto count = ::read(client.fd(), got.data(), got.size());
  EXPECT_EQ(std::string(got.data(), count > 0 ? static_cast<std::size_t>(count) : 0).find("HTTP"),
            std::string::npos);
  EXPECT_EQ(front_->dispatcher().refusals().snapshot().at("tls.plaintext"), 1U);
}

struct Suspicious {
  const char* name;
  std::string (*bytes)();  // some take a while to make, and every test of this program would wait for them
  int status;
};

class SuspiciousRequest : public FrontTest, public ::testing::WithParamInterface<Suspicious> {};

TEST_P(SuspiciousRequest, is_answered_with_a_counted_problem_and_hurts_nobody_else) {
  TlsClient bystander(front_->port());
  TlsClient client(front_->port());
  client.send(GetParam().bytes());
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, GetParam().status);
  ASSERT_EQ(reply.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(front_->dispatcher().refusals().snapshot().at(Json::parse(reply.body)["code"]), 1U);
  bystander.send(request("GET", "/api/hello"));
  EXPECT_EQ(bystander.reply().status, 200);
}

std::string post(const std::string& headers, const std::string& body = "") {
  return "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body;
}

std::string packed(std::size_t bytes) {
  const std::string body = *protocol::compress(std::string(bytes, ' '));
  return post("Content-Encoding: zstd\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", body);
}

INSTANTIATE_TEST_SUITE_P(
    Front, SuspiciousRequest,
    ::testing::Values(
        Suspicious{"hundred_thousand_headers",
                   [] {
                     std::string out = "GET /api/hello HTTP/1.1\r\nHost: a\r\n";
                     for (int i = 0; i < 100'000; ++i)
                       out += "A: 1\r\n";
                     return out + "\r\n";
                   },
                   431},
        Suspicious{"megabyte_of_address",
                   [] { return "GET /" + std::string(1U << 20, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"; }, 414},
        Suspicious{"no_length", [] { return post(""); }, 411},
        Suspicious{"chunks", [] { return post("Transfer-Encoding: chunked\r\n", "5\r\n"); }, 411},
        Suspicious{"chunks_and_length",
                   [] { return post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"); },
                   400},
        Suspicious{"announced_too_large", [] { return post("Content-Length: 1001\r\n"); }, 413},
        Suspicious{"announced_far_too_large", [] { return post("Content-Length: 18446744073709551615\r\n"); },
                   413},
        Suspicious{"sent_too_large",
                   [] { return post("Content-Length: 900000\r\n", std::string(900'000, 'x')); }, 413},
        Suspicious{
            "body_of_a_get",
            [] { return std::string("GET /api/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"); },
            400},
        Suspicious{"gzip", [] { return post("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x"); }, 415},
        Suspicious{"damaged_zstd",
                   [] { return post("Content-Encoding: zstd\r\nContent-Length: 4\r\n", "nope"); }, 400},
        Suspicious{"zstd_bomb", [] { return packed(64U << 20); }, 413},
        Suspicious{"form",
                   [] {
                     return std::string(
                         "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: "
                         "2\r\n\r\n{}");
                   },
                   415},
        Suspicious{"control_byte",
                   [] { return std::string("GET /api/hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n"); }, 400},
        Suspicious{"no_http", [] { return std::string("hello\r\n\r\n"); }, 400},
        Suspicious{"expectation", [] { return post("Expect: a\r\nContent-Length: 0\r\n"); }, 417}),
    [](const auto& tried) { return tried.param.name; });

TEST_F(FrontTest, expands_zstd_within_the_limit) {
  const Reply reply = ask(packed(2000));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Json::parse(reply.body)["body"].get<std::string>().size(), 2000U);
}

TEST_F(FrontTest, refuses_json_that_is_deep_wide_or_huge_at_once) {
  std::string wide = "{";
  for (int i = 0; i < 100'000; ++i)
    wide += "\"k" + std::to_string(i) + "\":1,";
  wide += "\"z\":1}";
  const std::string headers = "Content-Type: application/json\r\n";
  for (const std::string& body : {std::string(1'000'000, '['), wide, "[" + std::string(100'000, '9') + "]"}) {
    const std::int64_t used = usedCpuMs();
    EXPECT_EQ(ask(request("POST", "/api/parse", headers, body)).status, 400);
    EXPECT_LT(usedCpuMs() - used, 500) << body.size();
  }
}

TEST_F(FrontTest, continues_only_for_a_body_it_would_take) {
  TlsClient client(front_->port());
  client.send(post("Expect: 100-continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(client.readUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abcde");
  EXPECT_EQ(Json::parse(client.reply().body)["body"], "abcde");
  EXPECT_EQ(ask(post("Expect: 100-continue\r\nContent-Length: 5000\r\n")).status, 413);
}

TEST_F(FrontTest, answers_pipelined_requests_in_order) {
  TlsClient client(front_->port());
  std::string bytes;
  for (int i = 0; i < 50; ++i)
    bytes += request("DELETE", "/api/item/" + std::to_string(i));
  client.send(bytes);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(client.reply().body, '"' + std::to_string(i) + '"');
}

TEST_F(FrontTest, keeps_the_connection_after_a_refusal_without_a_body_and_closes_it_otherwise) {
  TlsClient kept(front_->port());
  kept.send(request("GET", "/api/me"));
  EXPECT_EQ(kept.reply().headers.at("connection"), "keep-alive");
  kept.send(request("GET", "/api/hello"));
  EXPECT_EQ(kept.reply().status, 200);
  TlsClient closed(front_->port());
  closed.send(post("Content-Length: 2000\r\n"));
  EXPECT_EQ(closed.reply().headers.at("connection"), "close");
  EXPECT_TRUE(closed.closes());
}

// With limits short enough to be waited for; the others have those of the field.
class ImpatientFront : public FrontTest {
 protected:
  ImpatientFront() {
    options_.limits.head_ms = 300;
    options_.limits.transfer_ms = 300;
  }
};

TEST_F(ImpatientFront, cuts_a_head_that_trickles_however_steadily) {
  TlsClient client(front_->port());
  const std::int64_t began = monotonicNow();
  for (int i = 0; i < 100 && client.send("G"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(client.closes());
  EXPECT_LT(millisecondsSince(began), 5000);
  EXPECT_EQ(front_->dispatcher().refusals().snapshot().at("connection.too_slow"), 1U);
}

TEST_F(ImpatientFront, cuts_a_handshake_that_never_comes) {
  TlsClient client(front_->port(), 3000, false);
  const std::int64_t began = monotonicNow();
  client.send("\x16\x03");
  EXPECT_TRUE(client.closes());
  EXPECT_LT(millisecondsSince(began), 5000);
}

TEST_F(ImpatientFront, cuts_a_body_that_trickles) {
  TlsClient client(front_->port());
  client.send(post("Content-Length: 100\r\n"));
  const std::int64_t began = monotonicNow();
  for (int i = 0; i < 100 && client.send("x"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(client.closes());
  EXPECT_LT(millisecondsSince(began), 5000);
}

TEST_F(ImpatientFront, cuts_a_reader_that_does_not_read) {
  options_.limits.transfer_bytes_per_s = 1U << 30;
  restart();
  TlsClient client(front_->port());
  client.takeLittle();
  client.send(request("GET", "/api/large"));
  EXPECT_TRUE(soon([&] { return front_->connections() == 0; }));
  EXPECT_EQ(front_->dispatcher().refusals().snapshot().at("connection.too_slow"), 1U);
}

TEST_F(FrontTest, serves_everybody_while_slow_peers_outnumber_the_workers) {
  std::vector<std::unique_ptr<TlsClient>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<TlsClient>(front_->port()));
    slow.back()->send(i % 2 == 0 ? "GET /api/he" : post("Content-Length: 100\r\n", "x"));
  }
  const std::int64_t began = monotonicNow();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask(request("GET", "/api/hello")).status, 200);
  EXPECT_LT(millisecondsSince(began), 5000);
}

TEST_F(FrontTest, parks_hundreds_of_idle_connections_on_two_workers) {
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 300; ++i)
    clients.push_back(std::make_unique<TlsClient>(front_->port()));
  for (int round = 0; round < 2; ++round) {
    for (auto& client : clients)
      client->send(request("GET", "/api/hello"));
    for (auto& client : clients)
      ASSERT_EQ(client->reply().status, 200);
  }
  EXPECT_EQ(front_->connections(), 300U);
  clients.clear();
  EXPECT_TRUE(soon([&] { return front_->connections() == 0; }));
}

TEST_F(FrontTest, closes_an_idle_connection_in_time) {
  options_.limits.idle_ms = 100;
  restart();
  TlsClient client(front_->port());
  client.send(request("GET", "/api/hello"));
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_TRUE(client.closes());
}

TEST_F(FrontTest, turns_away_more_connections_than_it_may_hold) {
  options_.max_connections = 3;
  restart();
  std::vector<std::unique_ptr<TlsClient>> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(std::make_unique<TlsClient>(front_->port()));
  EXPECT_THROW(TlsClient(front_->port()), std::runtime_error);
  clients.pop_back();
  ASSERT_TRUE(soon([&] { return front_->connections() == 2; }));
  EXPECT_EQ(ask(request("GET", "/api/hello")).status, 200);
}

TEST_F(FrontTest, gives_a_visitor_the_place_of_who_waits_longest_with_nothing_to_ask) {
  options_.max_connections = 3;
  restart();
  const auto asked = [this] {
    auto client = std::make_unique<TlsClient>(front_->port());
    client->send(request("GET", "/api/hello"));
    EXPECT_EQ(client->reply().status, 200);
    return client;
  };
  const auto first = asked();
  const auto second = asked();
  TlsClient silent(front_->port());  // never asked: it is not known to be idle
  const auto third = asked();
  EXPECT_TRUE(first->closes());
  second->send(request("GET", "/api/hello"));
  EXPECT_EQ(second->reply().status, 200);
}

TEST_F(FrontTest, keeps_a_sixteenth_of_the_descriptors_free_and_never_fewer_than_256) {
  options_.max_connections = 1'000'000;
  rlimit original{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &original), 0);
  const auto most = [&](rlim_t descriptors) {
    const rlimit tight{descriptors, original.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    restart();
    ::setrlimit(RLIMIT_NOFILE, &original);
    return front_->mostConnections();
  };
  EXPECT_EQ(most(1'024), 768U);
  EXPECT_EQ(most(4'096), 3'840U);
  EXPECT_EQ(most(8'192), 7'680U);
  EXPECT_EQ(most(300), 256U) << "a few visitors are let in all the same";
  options_.max_connections = 3;
  EXPECT_EQ(most(1'024), 3U);
}

TEST_F(FrontTest, lets_in_no_more_than_it_has_descriptors_for_while_its_workers_are_held_up) {
  options_.max_connections = 1'000;
  rlimit original{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &original), 0);
  const rlimit tight{512, original.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  restart();
  const rlimit all{original.rlim_max, original.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &all);
  std::vector<std::unique_ptr<TlsClient>> idle;
  for (int i = 0; i < 254; ++i) {
    idle.push_back(std::make_unique<TlsClient>(front_->port()));
    idle.back()->send(request("GET", "/api/hello"));
    ASSERT_EQ(idle.back()->reply().status, 200);
  }
  presence_.stalls = true;
  TlsClient a(front_->port());
  TlsClient b(front_->port());
  a.send(request("GET", "/agent/v1/doorbell", "X-Agent: a\r\n"));
  b.send(request("GET", "/agent/v1/doorbell", "X-Agent: b\r\n"));
  EXPECT_TRUE(soon([&] {
    const LotLoad load = front_->load();
    return presence_.waiting > 0 && load.connections - load.parked - load.queued == 2;
  }));
  std::vector<std::unique_ptr<TlsClient>> visitors;
  for (int i = 0; i < 300; ++i)
    visitors.push_back(std::make_unique<TlsClient>(front_->port(), 8000, false));
  EXPECT_TRUE(
      soon([&] { return front_->dispatcher().refusals().snapshot().contains("connection.too_many"); }));
  EXPECT_LE(front_->connections(), 512U - 128);
  presence_.stalls = false;
  EXPECT_TRUE(soon([&] { return front_->connections() <= 256; })) << "who had to make room is gone";
  ::setrlimit(RLIMIT_NOFILE, &original);
}

// Takes every descriptor but one, so that a client can be made and accept() then fails.
class LastDescriptor {
 public:
  LastDescriptor() {
    ::getrlimit(RLIMIT_NOFILE, &original_);
    taken_.push_back(::dup(0));
    const rlimit tight{static_cast<rlim_t>(taken_.back()) + 2, original_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &tight);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
      taken_.push_back(fd);
    ::close(taken_.back());
    taken_.pop_back();
  }
  ~LastDescriptor() {
    for (const int fd : taken_)
      ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &original_);
  }

 private:
  rlimit original_{};
  std::vector<int> taken_;
};

TEST_F(FrontTest, D14_recovers_when_descriptors_run_out_without_spinning) {
  TlsClient before(front_->port());
  {
    const LastDescriptor last;
    const std::int64_t used = usedCpuMs();
    EXPECT_THROW(TlsClient(front_->port(), 500), std::runtime_error);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LT(usedCpuMs() - used, 150);
    EXPECT_GE(front_->dispatcher().refusals().snapshot().at("connection.no_descriptors"), 1U);
    before.send(request("GET", "/api/hello"));
    EXPECT_EQ(before.reply().status, 200);
  }
  EXPECT_EQ(ask(request("GET", "/api/hello")).status, 200);
}

TEST_F(FrontTest, says_which_address_it_cannot_have) {
  options_.listen = "127.0.0.1:" + std::to_string(front_->port());
  try {
    Front second(options_, testing::testTlsContext(), {}, believer_, hub_, nullptr, metrics_);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(options_.listen), std::string::npos);
  }
}

// Whoever was let in by the system alone would wait until the process is gone.
TEST_F(FrontTest, refuses_who_comes_while_it_stops) {
  const Poco::Net::SocketAddress address("127.0.0.1", front_->port());
  TlsClient busy(front_->port());
  busy.send(post("Content-Length: 2\r\n", "a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::thread stopping([&] { front_->stop(std::chrono::seconds(5)); });
  const bool refused = soon([&] {
    try {
      Poco::Net::StreamSocket came(address);
      return false;
    } catch (const Poco::Net::ConnectionRefusedException&) {
      return true;
    }
  });
  EXPECT_TRUE(refused);
  busy.send("b");
  EXPECT_EQ(busy.reply().status, 200);
  stopping.join();
}

TEST_F(FrontTest, finishes_a_request_and_drops_idle_connections_when_it_stops) {
  TlsClient idle(front_->port());
  TlsClient busy(front_->port());
  idle.send(request("GET", "/api/hello"));
  EXPECT_EQ(idle.reply().status, 200);
  busy.send(post("Content-Length: 2\r\n", "a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::thread stopping([&] { front_->stop(std::chrono::seconds(5)); });
  EXPECT_TRUE(idle.closes());
  busy.send("b");
  const Reply reply = busy.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(busy.closes());
  stopping.join();
}

}  // namespace
}  // namespace redflag::http
