#include "swarm/connection.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"

namespace redflag::swarm {
namespace {

TEST(Origin, is_host_and_port_of_a_bundles_address) {
  const auto named = parseOrigin("https://redflag.example:8443");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->host, "redflag.example");
  EXPECT_EQ(named->port, 8443);
  EXPECT_EQ(named->authority, "redflag.example:8443");
  const auto six = parseOrigin("https://[::1]:9");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->port, 9);
  EXPECT_EQ(parseOrigin("https://a.example")->port, 443);
  for (const char* wrong :
       {"http://a", "https://", "https://a:", "https://a:0", "https://a:99999", "https://a:1x"})
    EXPECT_FALSE(parseOrigin(wrong)) << wrong;
}

TEST(Reply, reads_what_a_server_says_beside_its_body) {
  Reply reply;
  reply.status = 503;
  reply.headers = {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"retry-after", "7"}};
  EXPECT_EQ(reply.dateS(), 784'111'777);
  EXPECT_EQ(reply.retryAfterS(), 7);
  EXPECT_EQ(reply.code(), "status.503");
  reply.body = R"({"code":"store.busy"})";
  EXPECT_EQ(reply.code(), "store.busy");
  reply.headers = {{"date", "yesterday"}, {"retry-after", "soon"}};
  EXPECT_EQ(reply.dateS(), 0);
  EXPECT_EQ(reply.retryAfterS(), 0);
}

TEST(Reply, puts_off_where_the_server_itself_says_when_to_come) {
  Reply reply;
  reply.status = 503;
  reply.headers = {{"retry-after", "7"}};
  EXPECT_FALSE(reply.putsOff()) << "a proxy may say so, too";
  reply.body = R"({"code":"store.full"})";
  EXPECT_TRUE(reply.putsOff());
  EXPECT_FALSE(reply.isBusy()) << "something failed";
  reply.body = R"({"code":"server.busy"})";
  EXPECT_TRUE(reply.isBusy());
  reply.status = 401;
  EXPECT_FALSE(reply.putsOff());
  reply.status = 429;
  EXPECT_TRUE(reply.putsOff());
  reply.headers.clear();
  EXPECT_FALSE(reply.putsOff());
}

TEST(Reactor, runs_what_is_due_in_order_and_nothing_that_was_cancelled) {
  Reactor reactor;
  std::string order;
  auto never = reactor.in(kMillisecondNs, [&] { order += "x"; });
  reactor.in(20 * kMillisecondNs, [&] { order += "b"; });
  reactor.in(5 * kMillisecondNs, [&] { order += "a"; });
  reactor.cancel(never);
  reactor.runUntil([&] { return order.size() == 2; });
  EXPECT_EQ(order, "ab");
}

struct Watcher : Connection::User {
  void replied(Connection&, Reply&) override { said = "replied"; }
  void closed(Connection&, const std::string& why) override { said = why; }
  std::string said;
};

TEST(Connection, to_nobody_is_told_as_such) {
  const Origin origin = parseOrigin("https://127.0.0.1:1").value();
  const Trust trust = Trust::make({}, origin).value();
  const Target target = Target::resolve(origin, trust).value();
  Reactor reactor;
  Watcher watcher;
  Connection connection(reactor, target, watcher);
  reactor.runUntil([&] { return !watcher.said.empty(); });
  EXPECT_EQ(watcher.said, "connect");
}

TEST(Connection, that_fails_at_once_is_told_later_as_one_that_failed) {
  const Origin origin = parseOrigin("https://255.255.255.255:1").value();  // to everybody: TCP knows no such
  const Trust trust = Trust::make({}, origin).value();
  const Target target = Target::resolve(origin, trust).value();
  Reactor reactor;
  Watcher watcher;
  const Connection connection(reactor, target, watcher);
  EXPECT_EQ(watcher.said, "");
  reactor.runUntil([&] { return !watcher.said.empty(); });
  EXPECT_EQ(watcher.said, "connect");
}

TEST(Connection, without_a_descriptor_is_one_that_failed_and_is_tried_again) {
  const Origin origin = parseOrigin("https://127.0.0.1:1").value();
  const Trust trust = Trust::make({}, origin).value();
  const Target target = Target::resolve(origin, trust).value();
  Reactor reactor;
  Watcher watcher;
  rlimit original{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &original), 0);
  const int next = ::dup(0);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), original.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Connection connection(reactor, target, watcher);
  ::setrlimit(RLIMIT_NOFILE, &original);
  EXPECT_EQ(watcher.said, "") << "its user is told later, never from inside the making";
  reactor.runUntil([&] { return !watcher.said.empty(); });
  EXPECT_EQ(watcher.said, "descriptors");
}

}  // namespace
}  // namespace redflag::swarm
