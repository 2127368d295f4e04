#include <gtest/gtest.h>

#include "front_fixture.h"

namespace redflag::http {
namespace {

using testing::request;
using testing::TlsClient;

class StreamsTest : public FrontTest {
 protected:
  std::unique_ptr<TlsClient> doorbell(const std::string& agent_id) {
    auto client = std::make_unique<TlsClient>(front_->port());
    client->send(request("GET", "/agent/v1/doorbell", "X-Agent: " + agent_id + "\r\n"));
    EXPECT_EQ(client->reply(false).headers.at("content-type"), "text/event-stream");
    return client;
  }

  std::unique_ptr<TlsClient> browser(const std::string& last_event_id = "", const std::string& user = "u") {
    auto client = std::make_unique<TlsClient>(front_->port());
    const std::string resume = last_event_id.empty() ? "" : "Last-Event-ID: " + last_event_id + "\r\n";
    client->send(request("GET", "/api/v1/events", "X-User: " + user + "\r\n" + resume));
    EXPECT_EQ(client->reply(false).status, 200);
    client->readUntil(":\n\n");  // where it begins
    return client;
  }
};

TEST_F(StreamsTest, ring_at_the_right_door) {
  const auto a = doorbell("a");
  const auto b = doorbell("b");
  EXPECT_TRUE(hub_.connected("a"));
  EXPECT_FALSE(hub_.connected("c"));
  hub_.ring("c");
  hub_.ring("b");
  EXPECT_EQ(b->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
  hub_.ring("a");
  hub_.ring("b");
  EXPECT_EQ(a->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
  EXPECT_EQ(b->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
}

TEST_F(StreamsTest, tell_when_an_agent_comes_and_goes) {
  auto a = doorbell("a");
  ASSERT_TRUE(soon([&] { return presence_.history() == "+a"; }));
  a.reset();
  EXPECT_TRUE(soon([&] { return presence_.history() == "+a-a"; }));
  EXPECT_FALSE(hub_.connected("a"));
}

TEST_F(StreamsTest, hang_one_doorbell_per_agent_the_newest) {
  const auto older = doorbell("a");
  const auto newer = doorbell("a");
  EXPECT_TRUE(older->closes());
  hub_.ring("a");
  EXPECT_EQ(newer->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
  EXPECT_EQ(presence_.history(), "+a");
  EXPECT_EQ(hub_.doorbells(), 1U);
}

TEST_F(StreamsTest, of_an_agent_whose_coming_could_not_be_noted_are_as_if_it_had_not_come) {
  presence_.fails = true;
  EXPECT_EQ(ask(request("GET", "/agent/v1/doorbell", "X-Agent: a\r\n")).status, 503);
  EXPECT_FALSE(hub_.connected("a"));
  EXPECT_EQ(presence_.history(), "!a") << "so that nobody takes it for one that is here";
  presence_.fails = false;
  const auto a = doorbell("a");
  EXPECT_TRUE(soon([&] { return presence_.history() == "!a+a"; }));
}

TEST_F(StreamsTest, beat_so_that_both_ends_notice_silence) {
  options_.limits.heartbeat_ms = 50;
  restart();
  const auto a = doorbell("a");
  EXPECT_EQ(a->readUntil("\n\n"), ":\n\n");
  EXPECT_EQ(a->readUntil("\n\n"), ":\n\n");
}

TEST_F(StreamsTest, resume_behind_the_last_event_that_was_seen) {
  outbox_.add("agent", "{\"n\":1}");
  outbox_.add("update", "{\"n\":2}");
  outbox_.add("command", "{\"n\":3}");
  const auto resumed = browser("1");
  EXPECT_EQ(resumed->readUntil("\n\n"), "id: 2\nevent: update\ndata: {\"n\":2}\n\n");
  EXPECT_EQ(resumed->readUntil("\n\n"), "id: 3\nevent: command\ndata: {\"n\":3}\n\n");
  const auto fresh = browser();
  outbox_.add("scan", "{\"n\":4}");
  hub_.outboxGrew();
  const std::string fourth = "id: 4\nevent: scan\ndata: {\"n\":4}\n\n";
  EXPECT_EQ(fresh->readUntil("\n\n"), fourth);
  EXPECT_EQ(resumed->readUntil("\n\n"), fourth);
}

TEST_F(StreamsTest, begin_with_an_id_so_that_nothing_is_missed_between_two_connections) {
  outbox_.add("agent", "{}");
  TlsClient client(front_->port());
  client.send(request("GET", "/api/v1/events", "X-User: u\r\n"));
  client.reply(false);
  EXPECT_EQ(client.readUntil("\n\n"), "id: 1\n:\n\n");
}

TEST_F(StreamsTest, deliver_a_backlog_of_any_length_in_order) {
  for (int i = 0; i < 1050; ++i)
    outbox_.add("log", std::string(200, 'x'));
  const auto client = browser("0");
  for (int i = 1; i <= 1050; ++i) {
    ASSERT_TRUE(client->readUntil("\n\n").starts_with("id: " + std::to_string(i) + "\n")) << i;
  }
}

TEST_F(StreamsTest, end_when_the_session_does) {
  const auto client = browser("", "left");
  believer_.turnOut("left");
  outbox_.add("agent", "{}");
  hub_.outboxGrew();
  EXPECT_EQ(client->readUntil("\n\n"), "");
  EXPECT_TRUE(client->closes());
  EXPECT_EQ(hub_.browsers(), 0U);
}

TEST_F(StreamsTest, refuse_an_event_id_that_is_none) {
  const auto reply = ask(request("GET", "/api/v1/events", "X-User: u\r\nLast-Event-ID: x1\r\n"));
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
}

TEST_F(StreamsTest, need_permission) {
  EXPECT_EQ(ask(request("GET", "/api/v1/events")).status, 401);
  EXPECT_EQ(ask(request("GET", "/agent/v1/doorbell")).status, 401);
}

TEST_F(StreamsTest, say_when_to_come_back_when_the_server_stops) {
  const auto bell = doorbell("a");
  const auto feed = browser();
  front_->stop(std::chrono::seconds(5));
  EXPECT_TRUE(bell->readUntil("\n\n").starts_with("event: retry\ndata: {\"after_ms\":"));
  EXPECT_TRUE(feed->readUntil("\n\n").starts_with("retry: "));
  EXPECT_TRUE(bell->closes());
  EXPECT_EQ(presence_.history(), "+a-a");
}

TEST_F(StreamsTest, ask_nobody_about_an_agent_that_is_told_to_come_back) {
  const auto bell = doorbell("a");
  ASSERT_TRUE(soon([&] { return believer_.asked == 1; })) << "once it is open";
  front_->stop(std::chrono::seconds(5));
  EXPECT_TRUE(bell->readUntil("\n\n").starts_with("event: retry\n"));
  EXPECT_EQ(believer_.asked, 1) << "thousands at once keep the store busy while it is to stop";
}

TEST_F(StreamsTest, are_listed_by_agent_while_they_are_open) {
  const auto a = doorbell("a");
  {
    const auto b = doorbell("b");
    EXPECT_EQ(hub_.connectedAgents(), (std::vector<std::string>{"a", "b"}));
  }
  for (int i = 0; i < 500 && hub_.connectedAgents().size() > 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(hub_.connectedAgents(), std::vector<std::string>{"a"});
}

TEST_F(StreamsTest, survive_being_rung_from_many_threads) {
  const auto a = doorbell("a");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < 200; ++n) {
        hub_.ring("a");
        hub_.outboxGrew();
      }
    });
  }
  EXPECT_EQ(a->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
  for (std::thread& thread : threads)
    thread.join();
  hub_.ring("a");
  EXPECT_EQ(a->readUntil("\n\n"), "event: ring\ndata: {}\n\n");
}

}  // namespace
}  // namespace redflag::http
