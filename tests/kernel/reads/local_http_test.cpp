// One GET against services that answer well, badly, too much, and not at all.
#include "reads/local_http.h"

#include <gmock/gmock.h>

#include "scripted_service.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

using test::Scripted;
using testing::HasSubstr;

constexpr std::size_t kMost = 1000;
constexpr std::int64_t kTime = 5 * kSecondNs;

class LocalHttp : public testing::Test {
 protected:
  std::string socket() const { return (folder.path() / "s").string(); }
  Result<LocalAnswer> get(const std::string& text, bool stay = false, std::int64_t time = kTime) {
    const test::ScriptedService service(socket(), {{text, stay}});
    return getLocal(socket(), "/version", kMost, time, stopping);
  }
  std::string error(const std::string& text) {
    const auto answer = get(text);
    return answer ? "an answer of " + std::to_string(answer->body.size()) : answer.error().text;
  }

  test::TemporaryFolder folder;
  std::atomic<bool> stopping = false;
};

TEST_F(LocalHttp, hands_on_status_and_body_of_any_answer) {
  const auto good = get("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  ASSERT_TRUE(good) << good.error().text;
  EXPECT_EQ(good->http_status, 200);
  EXPECT_EQ(good->body, "{}");
  const auto absent = get("HTTP/1.1 404 Not Found\r\n\r\nno such image");
  ASSERT_TRUE(absent) << absent.error().text;
  EXPECT_EQ(absent->http_status, 404);
  EXPECT_EQ(absent->body, "no such image");
}

TEST_F(LocalHttp, asks_in_the_old_way_so_that_no_answer_comes_in_pieces) {
  test::ScriptedService service(socket(), {{"HTTP/1.0 200 OK\r\n\r\n"}});
  ASSERT_TRUE(getLocal(socket(), "/version", kMost, kTime, stopping));
  EXPECT_THAT(service.asked().at(0), testing::StartsWith("GET /version HTTP/1.0\r\n"));
}

TEST_F(LocalHttp, refuses_what_is_no_answer) {
  EXPECT_THAT(error(""), HasSubstr("no end of its head"));
  EXPECT_THAT(error("SSH-2.0-OpenSSH\r\n\r\n"), HasSubstr("no status line"));
  EXPECT_THAT(error("HTTP/1.1 abc x\r\n\r\n"), HasSubstr("no status from 200"));
  EXPECT_THAT(error("HTTP/1.1 100 Continue\r\n\r\n"), HasSubstr("no status from 200"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), HasSubstr("has no colon"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              HasSubstr("transfer encoding"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), HasSubstr("no number"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx"),
              HasSubstr("no number"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), HasSubstr("cut off"));
  EXPECT_THAT(error("HTTP/1.1 200 OK\r\n" + std::string(20'000, 'x')), HasSubstr("more than 1000 bytes"));
}

TEST_F(LocalHttp, ends_an_answer_that_is_too_long_or_has_no_end) {
  EXPECT_EQ(get("HTTP/1.0 200 OK\r\n\r\n" + std::string(1001, 'x')).error().code, Code::kLimit);
  EXPECT_EQ(get("HTTP/1.0 200 OK\r\n\r\n" + std::string(1'000'000, 'x')).error().code, Code::kLimit);
}

TEST_F(LocalHttp, does_not_wait_longer_than_it_may) {
  const auto before = monotonicNow();
  const auto answer = get("HTTP/1.0 200 OK\r\n\r\n{", true, kSecondNs / 5);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_LT(monotonicNow() - before, 4 * kSecondNs);
}

TEST_F(LocalHttp, tells_no_socket_from_one_where_nobody_listens) {
  EXPECT_EQ(getLocal(socket(), "/version", kMost, kTime, stopping).error().code, Code::kNotFound);
  { const test::ScriptedService gone(socket(), {}); }
  const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr address{AF_UNIX, {}};
  const std::string path = "/tmp/rf-" + std::to_string(::getpid());
  path.copy(address.sa_data, sizeof address.sa_data - 1);
  ASSERT_EQ(::bind(left, &address, sizeof address), 0);
  EXPECT_EQ(getLocal(path, "/version", kMost, kTime, stopping).error().code, Code::kUnavailable);
  ::close(left);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace redflag::kernel
