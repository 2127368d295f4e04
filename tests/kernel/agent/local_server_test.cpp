#include "agent/local_server.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "../../support/one_more_descriptor.h"
#include "agent/local_client.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

class LocalServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-local-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    auto server = LocalServer::start(folder_ / kAgentSocket, [](const Json& request) -> Result<Json> {
      if (request.contains("fail")) return fail(Code::kDenied, "not for you");
      return Json{{"echo", request}};
    });
    ASSERT_TRUE(server) << server.error().text;
    server_ = std::move(*server);
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::filesystem::path folder_;
  std::unique_ptr<LocalServer> server_;
};

TEST_F(LocalServerTest, answers_questions_and_tells_refusals) {
  EXPECT_EQ((*askAgent(folder_, {{"op", "x"}}))["echo"]["op"], "x");
  EXPECT_EQ(askAgent(folder_, {{"fail", true}}).error().text, "not for you");
}

TEST_F(LocalServerTest, turns_away_what_is_no_question_and_goes_on) {
  for (const std::string bad : {"", "[", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}", "{\"a\":1,\"a\":1}"}) {
    auto stream = platform::LocalStream::connect(folder_ / kAgentSocket);
    ASSERT_TRUE(stream);
    ASSERT_TRUE(stream->send(bad, kSecondNs));
    auto answer = stream->receive(1U << 16U, 5 * kSecondNs);
    ASSERT_TRUE(answer && *answer) << bad;
    EXPECT_THAT(**answer, HasSubstr("\"error\"")) << bad;
  }
  auto flood = platform::LocalStream::connect(folder_ / kAgentSocket);
  ASSERT_TRUE(flood);
  // Cut off after the announcement of more than 64 KiB: no answer, or the connection is already reset.
  static_cast<void>(flood->send(std::string(1U << 20U, 'x'), kSecondNs));
  const auto nothing = flood->receive(1U << 16U, 5 * kSecondNs);
  EXPECT_FALSE(nothing && *nothing);
  EXPECT_TRUE(askAgent(folder_, {{"op", "x"}}));
}

TEST_F(LocalServerTest, is_not_held_up_by_who_says_nothing) {
  auto silent = platform::LocalStream::connect(folder_ / kAgentSocket);
  ASSERT_TRUE(silent);
  EXPECT_TRUE(askAgent(folder_, {{"op", "x"}}, 10 * kSecondNs));
}

TEST_F(LocalServerTest, answers_again_once_there_are_descriptors_again) {
  {
    const redflag::test::OneMoreDescriptor one_more;
    const auto last = platform::LocalStream::connect(folder_ / kAgentSocket);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ASSERT_TRUE(last);
  }
  EXPECT_TRUE(askAgent(folder_, {{"op", "x"}}, 10 * kSecondNs));
}

TEST_F(LocalServerTest, leaves_no_socket) {
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(folder_ / kAgentSocket));
  EXPECT_EQ(askAgent(folder_, {{"op", "x"}}).error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace redflag::kernel
