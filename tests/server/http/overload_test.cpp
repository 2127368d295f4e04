// More is asked than can be done: what is not worth its work any more costs none, and nobody's requests stand
// behind those of everybody else.

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <set>

#include "front_fixture.h"

namespace redflag::http {
namespace {

using testing::Reply;
using testing::request;
using testing::TlsClient;

class BusyFront : public FrontTest {
 protected:
  BusyFront() { options_.workers = 1; }

  // The one worker, until release(). Each time by another agent: a second doorbell of one is not waited for.
  void holdUp() {
    presence_.stalls = true;
    bells_.push_back(std::make_unique<TlsClient>(front_->port()));
    bells_.back()->send(
        request("GET", "/agent/v1/doorbell", fmt::format("X-Agent: bell{}\r\n", bells_.size())));
    ASSERT_TRUE(soon([&] { return presence_.waiting == 1; }));
  }
  bool waiting(std::size_t count) {
    return soon([&] { return front_->load().queued == count; });
  }
  void release() { presence_.stalls = false; }
  // Once everybody has waited so long.
  void releaseAfter(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    release();
  }
  std::uint64_t refused(const std::string& code) {
    const auto counts = front_->dispatcher().refusals().snapshot();
    const auto found = counts.find(code);
    return found == counts.end() ? 0 : found->second;
  }

  std::vector<std::unique_ptr<TlsClient>> bells_;
};

constexpr const char* kJson = "Content-Type: application/json\r\n";

// With limits short enough to be waited for, and long enough for a slow machine to keep them.
class HurriedFront : public BusyFront {
 protected:
  static constexpr int kTooLongMs = 1'700;
  HurriedFront() {
    options_.limits.request_wait_ms = 1'500;
    options_.limits.handshake_wait_ms = 1'500;
  }
};

TEST_F(HurriedFront, puts_off_without_work_what_waited_too_long_and_keeps_its_connection) {
  TlsClient client(front_->port());
  holdUp();
  const auto came = believer_.came();
  client.send(
      "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n");
  client.send("{}");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kTooLongMs);
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(Json::parse(reply.body)["code"], "server.busy");
  EXPECT_EQ(reply.headers.at("connection"), "keep-alive");
  EXPECT_EQ(believer_.came(), came) << "nobody asks who it is";
  EXPECT_EQ(refused("server.busy"), 1U);
  client.send(request("POST", "/api/echo", kJson, "{}"));
  EXPECT_EQ(client.reply().status, 200);
}

TEST_F(HurriedFront, puts_off_a_request_whose_body_waited_too_long) {
  TlsClient client(front_->port());
  client.send(
      "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Type: application/json\r\n\r\n{}");
  ASSERT_TRUE(soon([&] { return believer_.came().size() == 1; }));
  holdUp();
  client.send("{}");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kTooLongMs);
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.at("connection"), "keep-alive");
  client.send(request("POST", "/api/echo", kJson, "{}"));
  EXPECT_EQ(client.reply().status, 200);
}

TEST_F(HurriedFront, puts_off_a_request_whose_waits_are_too_long_together) {
  constexpr int kNotTooLongMs = 900;
  TlsClient client(front_->port());
  holdUp();
  const std::size_t came = believer_.came().size();
  client.send(
      "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Type: application/json\r\n\r\n{}");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kNotTooLongMs);
  ASSERT_TRUE(soon([&] { return believer_.came().size() == came + 1; })) << "its head was taken";
  holdUp();
  client.send("{}");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kNotTooLongMs);
  EXPECT_EQ(client.reply().status, 503);
  client.send(request("POST", "/api/echo", kJson, "{}"));
  EXPECT_EQ(client.reply().status, 200) << "the next one has not waited";
}

TEST_F(HurriedFront, ends_the_connection_of_what_is_put_off_with_a_body_where_none_belongs) {
  TlsClient client(front_->port());
  holdUp();
  client.send("GET /api/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kTooLongMs);
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_TRUE(client.closes());
}

TEST_F(HurriedFront, tells_a_crowd_that_is_put_off_at_once_to_come_again_one_after_the_other) {
  std::vector<std::unique_ptr<TlsClient>> crowd;
  for (int i = 0; i < 20; ++i)
    crowd.push_back(std::make_unique<TlsClient>(front_->port()));
  holdUp();
  for (auto& client : crowd)
    client->send(request("GET", "/api/hello"));
  ASSERT_TRUE(waiting(crowd.size()));
  releaseAfter(kTooLongMs);
  std::set<int> seconds;
  for (auto& client : crowd)
    seconds.insert(std::stoi(client->reply().headers.at("retry-after")));
  EXPECT_EQ(seconds.size(), 15U);
  EXPECT_EQ(*seconds.begin(), 1);
  EXPECT_EQ(*seconds.rbegin(), 15);
}

TEST_F(HurriedFront, begins_no_handshake_that_waited_too_long) {
  holdUp();
  TlsClient client(front_->port(), 8000, false);
  client.send("\x16\x03");
  ASSERT_TRUE(waiting(1));
  releaseAfter(kTooLongMs);
  EXPECT_TRUE(client.closes());
  EXPECT_EQ(refused("connection.busy"), 1U);
}

TEST_F(BusyFront, does_nothing_for_who_has_hung_up_while_the_request_waited) {
  auto client = std::make_unique<TlsClient>(front_->port());
  holdUp();
  const auto came = believer_.came();
  client->send(request("POST", "/api/echo", kJson, "{}"));
  ASSERT_TRUE(waiting(1));
  client.reset();
  releaseAfter(1'100);
  EXPECT_TRUE(soon([&] { return refused("connection.hung_up") == 1; }));
  EXPECT_TRUE(soon([&] { return front_->connections() == 1; })) << "there is the bell alone";
  EXPECT_EQ(believer_.came(), came);
}

TEST_F(BusyFront, begins_no_handshake_with_who_has_hung_up_meanwhile) {
  holdUp();
  auto client = std::make_unique<TlsClient>(front_->port(), 8000, false);
  client->send("\x16\x03");
  ASSERT_TRUE(waiting(1));
  client.reset();
  releaseAfter(1'100);
  EXPECT_TRUE(soon([&] { return refused("connection.hung_up") == 1; }));
}

TEST_F(BusyFront, answers_who_only_stops_sending_and_is_served_promptly) {
  TlsClient client(front_->port());
  client.send(request("GET", "/api/hello"));
  ::shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.reply().status, 200);
}

TEST_F(BusyFront, lets_no_person_wait_behind_a_crowd_of_agents) {
  const auto known = [this](const std::string& header) {
    auto client = std::make_unique<TlsClient>(front_->port());
    client->send(request("GET", "/api/me", header));
    EXPECT_EQ(client->reply().status, 200);
    return client;
  };
  std::vector<std::unique_ptr<TlsClient>> agents;
  for (int i = 0; i < 20; ++i)
    agents.push_back(known("X-Agent: a\r\n"));
  const auto person = known("X-User: u\r\n");
  holdUp();
  const auto before = static_cast<std::ptrdiff_t>(believer_.came().size());
  for (auto& agent : agents)
    agent->send(request("GET", "/api/me", "X-Agent: a\r\n"));
  ASSERT_TRUE(waiting(agents.size()));
  person->send(request("GET", "/api/me", "X-User: u\r\n"));
  ASSERT_TRUE(waiting(agents.size() + 1));
  release();
  EXPECT_EQ(person->reply().status, 200);
  for (auto& agent : agents)
    EXPECT_EQ(agent->reply().status, 200);
  const auto came = believer_.came();
  const auto first = came.begin() + before;
  EXPECT_LT(std::find(first, came.end(), "u") - first, static_cast<std::ptrdiff_t>(kLanes));
}

}  // namespace
}  // namespace redflag::http
