#include "swarm/person.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kAnswered = 1'000 * kSecondNs;

std::int64_t waitAfter(int status, const std::string& retry_after, const std::string& body) {
  Reply reply;
  reply.status = status;
  if (!retry_after.empty()) reply.headers["retry-after"] = retry_after;
  reply.body = body;
  return askAgainNs(reply, kAnswered) - kAnswered;
}

TEST(Person, asks_no_sooner_again_than_the_server_said) {
  EXPECT_EQ(waitAfter(503, "7", R"({"code":"server.busy"})"), 7 * kSecondNs);
  EXPECT_EQ(waitAfter(429, "60", R"({"code":"rate.people"})"), 60 * kSecondNs);
}

TEST(Person, asks_soon_again_where_the_server_said_nothing) {
  const std::int64_t soon = askAgainNs(fail(Code::kUnavailable, "connection: closed"), kAnswered) - kAnswered;
  EXPECT_GT(soon, 0);
  EXPECT_LT(soon, kSecondNs);
  EXPECT_EQ(waitAfter(503, "", R"({"code":"server.busy"})"), soon);
  EXPECT_EQ(waitAfter(503, "7", "<html>"), soon) << "a proxy does not speak for the server";
}

TEST(Person, goes_on_at_once_after_a_good_answer) {
  EXPECT_EQ(waitAfter(200, "7", "{}"), 0);
}

}  // namespace
}  // namespace redflag::swarm
