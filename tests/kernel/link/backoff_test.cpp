#include "link/backoff.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "link/event_stream.h"
#include "link/server_api.h"

namespace redflag::kernel {
namespace {

constexpr std::uint64_t kSecond = kSecondNs;

class BackoffTest : public testing::Test {
 protected:
  std::uint64_t bound_ = 0;
  bool longest_ = false;
  Backoff backoff_{{}, [this](std::uint64_t bound) {
                     bound_ = bound;
                     return longest_ ? bound : 0;
                   }};
};

TEST_F(BackoffTest, tries_at_once_until_something_fails) {
  EXPECT_TRUE(backoff_.mayTry(0));
  backoff_.failed(0);
  EXPECT_FALSE(backoff_.mayTry(kSecondNs - 1));
  EXPECT_TRUE(backoff_.mayTry(kSecondNs));
}

TEST_F(BackoffTest, spreads_each_wait_over_a_doubling_span) {
  std::uint64_t expected = 2;
  for (int i = 0; i < 7; ++i, expected *= 2) {
    backoff_.failed(0);
    EXPECT_EQ(bound_, (expected - 1) * kSecond) << i;
  }
}

TEST_F(BackoffTest, never_waits_longer_than_five_minutes) {
  longest_ = true;
  for (int i = 0; i < 100; ++i)
    backoff_.failed(0);
  EXPECT_EQ(backoff_.nextNs(), 300 * kSecondNs);
}

TEST_F(BackoffTest, lets_only_a_slow_probe_through_once_open) {
  for (int i = 0; i < 7; ++i)
    backoff_.failed(0);
  EXPECT_FALSE(backoff_.open());
  backoff_.failed(0);
  EXPECT_TRUE(backoff_.open());
  EXPECT_GE(backoff_.nextNs(), 150 * kSecondNs) << "even where chance says at once";
  backoff_.succeeded();
  EXPECT_FALSE(backoff_.open());
  EXPECT_TRUE(backoff_.mayTry(0));
}

TEST_F(BackoffTest, waits_as_long_as_the_server_asks_up_to_an_hour) {
  backoff_.failed(0, 90 * kSecondNs);
  EXPECT_EQ(backoff_.nextNs(), 90 * kSecondNs);
  backoff_.failed(0, 86'400 * kSecondNs);
  EXPECT_EQ(backoff_.nextNs(), 3'600 * kSecondNs);
}

TEST_F(BackoffTest, remembers_its_failures_when_it_is_told_to_try) {
  for (int i = 0; i < 8; ++i)
    backoff_.failed(0);
  backoff_.tryNow();
  EXPECT_TRUE(backoff_.mayTry(0));
  EXPECT_TRUE(backoff_.open());
}

TEST_F(BackoffTest, comes_when_the_server_says_that_puts_it_off) {
  backoff_.putOff(0, 7 * kSecondNs);
  EXPECT_FALSE(backoff_.mayTry(7 * kSecondNs - 1));
  EXPECT_TRUE(backoff_.mayTry(7 * kSecondNs));
  backoff_.putOff(0, 86'400 * kSecondNs);
  EXPECT_EQ(backoff_.nextNs(), 300 * kSecondNs) << "more is not believed: no ring would end it";
}

TEST_F(BackoffTest, of_its_own_accord_waits_up_to_a_minute_where_it_is_put_off_again_and_again) {
  std::uint64_t expected = 2;
  for (int i = 0; i < 5; ++i, expected *= 2) {
    backoff_.putOff(0, kSecondNs);
    EXPECT_EQ(bound_, (expected - 1) * kSecond) << i;
  }
  longest_ = true;
  for (int i = 0; i < 100; ++i)
    backoff_.putOff(0, kSecondNs);
  EXPECT_EQ(backoff_.nextNs(), 60 * kSecondNs);
}

TEST_F(BackoffTest, opens_for_no_server_that_puts_it_off_and_closes_for_it) {
  for (int i = 0; i < 100; ++i)
    backoff_.putOff(0, kSecondNs);
  EXPECT_FALSE(backoff_.open());
  for (int i = 0; i < 8; ++i)
    backoff_.failed(0);
  EXPECT_TRUE(backoff_.open());
  backoff_.putOff(0, kSecondNs);
  EXPECT_FALSE(backoff_.open()) << "it is there";
}

TEST_F(BackoffTest, grows_also_where_failures_and_put_offs_take_turns) {
  for (int i = 0; i < 10; ++i) {
    backoff_.failed(0);
    backoff_.putOff(0, kSecondNs);
  }
  EXPECT_EQ(bound_, 59 * kSecond);
  backoff_.failed(0);
  EXPECT_EQ(bound_, 299 * kSecond);
}

TEST_F(BackoffTest, told_to_try_comes_no_sooner_than_the_server_asked) {
  backoff_.putOff(0, 7 * kSecondNs);
  backoff_.tryNow();
  EXPECT_EQ(backoff_.nextNs(), 7 * kSecondNs);
  backoff_.failed(0);
  backoff_.tryNow();
  EXPECT_TRUE(backoff_.mayTry(0)) << "nobody asked for that wait";
}

TEST(PutOff, is_what_the_server_itself_says_and_no_proxy_before_it) {
  HttpReply said;
  said.status = 503;
  said.content_type = "application/problem+json";
  said.body = R"({"code":"server.busy"})";
  said.retry_after_s = 7;
  said.request_id = "01";
  EXPECT_TRUE(failureOf(said).putsOff());
  HttpReply other = said;
  other.request_id.clear();
  EXPECT_FALSE(failureOf(other).putsOff()) << "a gateway's errors have codes, too";
  other = said;
  other.body = "{}";
  EXPECT_FALSE(failureOf(other).putsOff());
  other = said;
  other.retry_after_s = 0;
  EXPECT_FALSE(failureOf(other).putsOff());
  other = said;
  other.status = 403;
  EXPECT_FALSE(failureOf(other).putsOff()) << "later is no better";
}

TEST(EventStream, reads_events_and_ignores_comments) {
  EventStreamParser parser;
  EXPECT_FALSE(parser.feed(": keep-alive"));
  EXPECT_FALSE(parser.feed(""));
  EXPECT_FALSE(parser.feed("event: retry"));
  EXPECT_FALSE(parser.feed("data: {\"after_ms\":"));
  EXPECT_FALSE(parser.feed("data:5}"));
  const auto event = parser.feed("");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->event, "retry");
  EXPECT_EQ(event->data, "{\"after_ms\":\n5}");
  EXPECT_FALSE(parser.feed("data: x"));
  EXPECT_EQ(parser.feed("")->event, "message");
}

}  // namespace
}  // namespace redflag::kernel
