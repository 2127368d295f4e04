// What an engine is asked to do, on a scripted one, and how it says that it did not.
#include "engine_client.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "base/time.h"
#include "http_script.h"

namespace redflag::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DockerEngineClient : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/redflag-client-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    engine_ = std::make_unique<HttpScript>(folder_ / "socket",
                                           [this](const ScriptedAsk&) { return answer(200, {}, progress_); });
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }
  docker::Result<> pull() {
    docker::EngineClient client(folder_ / "socket");
    return client.pull(*docker::parseReference("registry.example/app:1"), "sha256:" + std::string(64, '6'),
                       "linux/amd64", "", 20 * kSecondNs, [this](const std::string& said) {
                         if (!said.empty()) told_.push_back(said);
                         return true;
                       });
  }

  std::filesystem::path folder_;
  std::string progress_;
  std::vector<std::string> told_;
  std::unique_ptr<HttpScript> engine_;
};

TEST_F(DockerEngineClient, takes_no_pull_for_done_of_which_the_engine_says_why_it_failed) {
  const std::string begun = "{\"status\":\"Pulling from app\"}\r\n";
  for (const std::string failed :
       {R"({"errorDetail":{"message":"toomanyrequests"},"error":"toomanyrequests"})",
        R"({"error":"toomanyrequests"})", R"({"errorDetail":{"code":429,"message":"toomanyrequests"}})"}) {
    progress_ = begun + failed + "\r\n";
    const auto pulled = pull();
    ASSERT_FALSE(pulled) << failed;
    EXPECT_EQ(pulled.error().status, RF_TRANSIENT) << failed;
    EXPECT_EQ(pulled.error().code, "docker.pull_failed") << failed;
    EXPECT_THAT(pulled.error().text, HasSubstr("toomanyrequests")) << failed;
  }
  told_.clear();
  progress_ = begun + "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":1,\"total\":2}}\r\n" +
              "{\"status\":\"Downloaded\",\"progressDetail\":{}}\r\n";
  EXPECT_TRUE(pull());
  EXPECT_THAT(told_, ElementsAre("Pulling from app", "Downloaded"));
}

}  // namespace
}  // namespace redflag::test
