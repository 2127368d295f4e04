#include "http/head.h"

#include <gtest/gtest.h>

namespace redflag::http {
namespace {

RequestHead parse(const std::string& lines) {
  return parseHead(lines + "\r\n\r\n", HeadLimits{});
}

Problem refusal(const std::string& lines) {
  try {
    parse(lines);
  } catch (const Problem& problem) {
    return problem;
  }
  return {0, "accepted", "", ""};
}

TEST(Head, reads_what_a_browser_sends) {
  const auto head = parse(
      "POST /api/v1/agents/a%2Fb?search=x%20y+z&limit=5 HTTP/1.1\r\nHost: redflag:8443\r\nContent-Length: "
      "12\r\n"
      "Accept:  text/html \r\nAccept: */*");
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/api/v1/agents/a%2Fb?search=x%20y+z&limit=5");
  EXPECT_EQ(head.segments, (std::vector<std::string>{"api", "v1", "agents", "a/b"}));
  EXPECT_EQ(head.query.at("search"), "x y z");
  EXPECT_EQ(head.query.at("limit"), "5");
  EXPECT_EQ(head.content_length, 12U);
  EXPECT_EQ(head.header("accept"), "text/html, */*");
  EXPECT_TRUE(head.keep_alive);
}

TEST(Head, keeps_a_connection_only_when_both_versions_of_the_protocol_would) {
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nHost: a").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, Close").keep_alive);
}

struct Bad {
  const char* name;
  std::string lines;
  int status;
  const char* code;
};

class BadHead : public ::testing::TestWithParam<Bad> {};

TEST_P(BadHead, is_refused) {
  const Problem problem = refusal(GetParam().lines);
  EXPECT_EQ(problem.status, GetParam().status) << problem.detail;
  EXPECT_EQ(problem.code, GetParam().code);
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n";

INSTANTIATE_TEST_SUITE_P(
    Head, BadHead,
    ::testing::Values(
        Bad{"two_lengths", kGet + "Content-Length: 1\r\nContent-Length: 1", 400, "request.header_twice"},
        Bad{"length_and_chunks", kGet + "Content-Length: 1\r\nTransfer-Encoding: chunked", 400,
            "request.two_lengths"},
        Bad{"chunks", kGet + "Transfer-Encoding: chunked", 411, "request.length_required"},
        Bad{"length_list", kGet + "Content-Length: 1, 1", 400, "request.length"},
        Bad{"negative_length", kGet + "Content-Length: -1", 400, "request.length"},
        Bad{"signed_length", kGet + "Content-Length: +1", 400, "request.length"},
        Bad{"hexadecimal_length", kGet + "Content-Length: 0x1", 400, "request.length"},
        Bad{"length_that_wraps", kGet + "Content-Length: 18446744073709551616", 400, "request.length"},
        Bad{"empty_length", kGet + "Content-Length:", 400, "request.length"},
        Bad{"two_hosts", kGet + "Host: b", 400, "request.header_twice"},
        Bad{"no_host", "GET / HTTP/1.1", 400, "request.host"},
        Bad{"two_cookies", kGet + "Cookie: a=1\r\nCookie: b=2", 400, "request.header_twice"},
        Bad{"carriage_return_in_value", kGet + "X: a\rb", 400, "request.header"},
        Bad{"line_feed_in_value", kGet + "X: a\nInjected: b", 400, "request.header"},
        Bad{"nul_in_value", kGet + std::string("X: a\0b", 6), 400, "request.header"},
        Bad{"escape_in_value", kGet + "X: \x1b[2J", 400, "request.header"},
        Bad{"folded_header", kGet + "X: a\r\n b", 400, "request.header"},
        Bad{"space_before_colon", kGet + "Content-Length : 1", 400, "request.header"},
        Bad{"no_colon", kGet + "nonsense", 400, "request.header"},
        Bad{"empty_name", kGet + ": a", 400, "request.header"},
        Bad{"odd_expectation", kGet + "Expect: miracles", 417, "request.expectation"},
        Bad{"old_version", "GET /", 400, "request.line"},
        Bad{"other_version", "GET / HTTP/2.0\r\nHost: a", 505, "request.version"},
        Bad{"space_in_target", "GET /a b HTTP/1.1\r\nHost: a", 400, "request.line"},
        Bad{"tab_in_target", "GET /a\tb HTTP/1.1\r\nHost: a", 400, "request.line"},
        Bad{"fragment", "GET /a#b HTTP/1.1\r\nHost: a", 400, "request.line"},
        Bad{"absolute_target", "GET https://a/ HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"star", "OPTIONS * HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"bare_percent", "GET /% HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"half_escape", "GET /%4 HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"bad_escape", "GET /%zz HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"nul", "GET /a%00b HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"overlong_utf8", "GET /%c0%af HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"twice_the_same_parameter", "GET /?a=1&a=2 HTTP/1.1\r\nHost: a", 400, "request.target"},
        Bad{"empty_line", "", 400, "request.line"},
        Bad{"many_headers",
            [] {
              std::string lines = "GET / HTTP/1.1\r\nHost: a";
              for (int i = 0; i < 64; ++i)
                lines += "\r\nX-" + std::to_string(i) + ": 1";
              return lines;
            }(),
            431, "request.too_many_headers"},
        Bad{"long_target", "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a", 414,
            "request.target_too_long"}),
    [](const auto& tried) { return tried.param.name; });

TEST(Head, is_not_there_before_its_empty_line) {
  EXPECT_EQ(findHeadEnd("GET / HTTP/1.1\r\nHost: a\r\n", HeadLimits{}), std::nullopt);
  EXPECT_EQ(findHeadEnd("GET / HTTP/1.1\r\n\r\nrest", HeadLimits{}), 18U);
}

TEST(Head, names_the_limit_that_was_passed) {
  const auto status = [](const std::string& bytes) {
    try {
      findHeadEnd(bytes, HeadLimits{});
    } catch (const Problem& problem) {
      return problem.status;
    }
    return 0;
  };
  EXPECT_EQ(status("GET /" + std::string(20'000, 'a')), 414);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a')), 431);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"), 431);
}

}  // namespace
}  // namespace redflag::http
