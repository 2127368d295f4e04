// D10: who asks is what a trusted proxy says, and nobody else.
#include "http/proxies.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "front_fixture.h"

namespace redflag::http {
namespace {

std::string clientOf(const TrustedProxies& proxies, const std::string& peer, const std::string& header,
                     const std::string& value) {
  RequestHead head;
  if (!header.empty()) head.headers[header] = value;
  return proxies.clientOf(peer, head);
}

TEST(Proxies, D10_a_spoofed_header_counts_for_nothing_where_no_proxy_is_trusted) {
  const TrustedProxies nobody;
  EXPECT_EQ(clientOf(nobody, "192.0.2.1", "x-forwarded-for", "10.0.0.1"), "192.0.2.1");
  const TrustedProxies proxies({"10.0.0.0/8"});
  EXPECT_EQ(clientOf(proxies, "192.0.2.1", "x-forwarded-for", "10.0.0.1"), "192.0.2.1");
  EXPECT_EQ(clientOf(proxies, "192.0.2.1", "forwarded", "for=10.0.0.1"), "192.0.2.1");
}

TEST(Proxies, the_right_most_address_that_is_no_proxy_counts) {
  const TrustedProxies proxies({"10.0.0.0/8", "2001:db8:1::/48", "192.0.2.9"});
  const auto of = [&](const std::string& value) {
    return clientOf(proxies, "10.1.2.3", "x-forwarded-for", value);
  };
  EXPECT_EQ(of("198.51.100.7"), "198.51.100.7");
  EXPECT_EQ(of("203.0.113.5, 198.51.100.7"), "198.51.100.7");
  EXPECT_EQ(of("198.51.100.7, 10.9.9.9"), "198.51.100.7");
  EXPECT_EQ(of("198.51.100.7, 192.0.2.9, 2001:db8:1::5"), "198.51.100.7");
  EXPECT_EQ(of("198.51.100.7:4711"), "198.51.100.7");
  EXPECT_EQ(of("[2001:db8:2::7]:4711"), "2001:db8:2::7");
  EXPECT_EQ(of("10.0.0.1, 10.0.0.2"), "10.0.0.1");
}

TEST(Proxies, what_cannot_be_read_leaves_the_proxy_that_said_it) {
  const TrustedProxies proxies({"10.0.0.0/8"});
  const auto of = [&](const char* header, const std::string& value) {
    return clientOf(proxies, "10.1.2.3", header, value);
  };
  EXPECT_EQ(of("x-forwarded-for", "unknown"), "10.1.2.3");
  EXPECT_EQ(of("x-forwarded-for", "198.51.100.7, '; DROP TABLE users"), "10.1.2.3");
  EXPECT_EQ(of("x-forwarded-for", "198.51.100.7, ,"), "10.1.2.3");
  EXPECT_EQ(of("x-forwarded-for", "127.1"), "10.1.2.3");
  EXPECT_EQ(of("forwarded", "for=_hidden"), "10.1.2.3");
  EXPECT_EQ(of("forwarded", "proto=https;by=10.0.0.1"), "10.1.2.3");
  EXPECT_EQ(clientOf(proxies, "10.1.2.3", "", ""), "10.1.2.3");
}

TEST(Proxies, forwarded_is_read_as_rfc_7239_writes_it) {
  const TrustedProxies proxies({"10.0.0.0/8"});
  const auto of = [&](const std::string& value) { return clientOf(proxies, "10.1.2.3", "forwarded", value); };
  EXPECT_EQ(of("for=198.51.100.7"), "198.51.100.7");
  EXPECT_EQ(of("For=\"[2001:db8::17]:4711\""), "2001:db8::17");
  EXPECT_EQ(of("for=192.0.2.43, for=198.51.100.17;proto=https;by=10.0.0.1"), "198.51.100.17");
}

TEST(Proxies, refuses_what_is_no_network_and_names_it) {
  for (const char* bad :
       {"", "10.0.0.0/33", "10.0.0/8", "example.com", "10.0.0.0/", "::1/129", "10.0.0.0/8x"}) {
    try {
      TrustedProxies proxies({bad});
      ADD_FAILURE() << bad;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string(error.what()).find("\"" + std::string(bad) + "\""), std::string::npos)
          << error.what();
    }
  }
}

class Behind : public FrontTest {
 protected:
  void SetUp() override {
    options_.proxies = TrustedProxies({"127.0.0.0/8"});
    start();
    front_->onRefusal([this](const Refusal& refusal) {
      const std::lock_guard lock(mutex_);
      refusals_.push_back(refusal);
    });
  }
  std::mutex mutex_;
  std::vector<Refusal> refusals_;
};

TEST_F(Behind, a_refusal_tells_who_asked_which_route_and_why) {
  ask("GET /api/me HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n\r\n");
  ask("GET /api/problem HTTP/1.1\r\nHost: a\r\n\r\n");
  ask("nonsense\r\n\r\n");
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(refusals_.size(), 3U);
  EXPECT_EQ(refusals_[0].code, "session.required");
  EXPECT_EQ(refusals_[0].status, 401);
  EXPECT_EQ(refusals_[0].peer, "198.51.100.7");
  EXPECT_EQ(refusals_[0].route, "GET /api/me");
  EXPECT_EQ(refusals_[1].code, "thing.taken");
  EXPECT_EQ(refusals_[1].peer, "127.0.0.1");
  EXPECT_EQ(refusals_[2].code, "request.line");
  EXPECT_EQ(refusals_[2].route, "-");
}

}  // namespace
}  // namespace redflag::http
