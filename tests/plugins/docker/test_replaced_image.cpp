// Which image of an earlier update is removed, and which never, on a scripted engine.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "http_script.h"
#include "replaced_image.h"

namespace redflag::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kBefore = "sha256:" + std::string(64, '4');
const std::string kRunningNow = "sha256:" + std::string(64, '5');

class DockerReplacedImage : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/redflag-image-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    engine_ = std::make_unique<HttpScript>(folder_ / "socket", [this](const ScriptedAsk& ask) {
      if (ask.target == "/containers/json?all=1") return answer(200, {}, dumpJson(containers_));
      if (ask.target == "/images/json?all=1") return answer(200, {}, dumpJson(images_));
      if (ask.method == "GET") return image_.is_null() ? answer(404) : answer(200, {}, dumpJson(image_));
      orders_.push_back(ask.method + " " + ask.target);
      return answer(status_, {}, R"({"message":"conflict"})");
    });
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }
  docker::Result<bool> removed(const std::string& id = kBefore) {
    docker::EngineClient client(folder_ / "socket");
    return docker::removeReplaced(client, *docker::parseReference("registry.example/app:1"), id);
  }

  std::filesystem::path folder_;
  Json image_{{"Id", kBefore},
              {"RepoTags", Json::array()},
              {"RepoDigests", Json::array({"registry.example/app@" + kRunningNow})}};
  Json containers_ = Json::array({Json{{"ImageID", kRunningNow}, {"Labels", {{"team", "shop"}}}}});
  Json images_ = Json::array({Json{{"Id", kBefore}}, Json{{"Id", kRunningNow}, {"RepoTags", nullptr}}});
  std::vector<std::string> orders_;
  int status_ = 200;
  std::unique_ptr<HttpScript> engine_;
};

TEST_F(DockerReplacedImage, was_there_before_under_whatever_name) {
  docker::EngineClient client(folder_ / "socket");
  EXPECT_EQ(docker::presentImages(client).value(), (std::set<std::string>{kBefore, kRunningNow}));
  images_ = 7;
  EXPECT_EQ(docker::presentImages(client).error().code, "docker.engine_malformed");
}

TEST_F(DockerReplacedImage, is_removed_alone_and_never_by_force) {
  EXPECT_TRUE(removed().value());
  EXPECT_THAT(orders_, ElementsAre("DELETE /images/" + kBefore + "?force=0&noprune=1"));
}

TEST_F(DockerReplacedImage, stays_where_a_container_was_made_from_it_or_names_it) {
  containers_.push_back({{"ImageID", kBefore}, {"State", "exited"}});
  EXPECT_FALSE(removed().value());
  containers_.back() = {{"ImageID", kRunningNow}, {"Labels", {{"redflag.replaced_image", kBefore}}}};
  EXPECT_FALSE(removed().value()) << "that one may go back to it";
  EXPECT_THAT(orders_, IsEmpty());
  containers_.erase(std::size_t{1});
  EXPECT_TRUE(removed().value());
}

TEST_F(DockerReplacedImage, stays_where_it_has_another_name_or_may_have_been_made_here) {
  const auto good = image_;
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"RepoTags", Json::array({"registry.example/app:old"})},
           {"RepoTags", 7},
           {"RepoDigests", Json::array()},
           {"RepoDigests", nullptr},
           {"RepoDigests", Json::array({"registry.example/app@" + kRunningNow, "other@" + kRunningNow})},
           {"RepoDigests", Json::array({"other.example/app@" + kRunningNow})},
           {"RepoDigests", Json::array({"no name"})},
           {"Id", kRunningNow}}) {
    image_ = good;
    image_[key] = value;
    EXPECT_FALSE(removed().value()) << key << value;
  }
  image_ = nullptr;
  EXPECT_FALSE(removed().value()) << "it is gone";
  image_ = good;
  for (const auto* odd : {"", "app:1", "../containers/x", "sha256:4"})
    EXPECT_FALSE(removed(odd).value()) << odd;
  EXPECT_THAT(orders_, IsEmpty());
}

TEST_F(DockerReplacedImage, stays_where_the_engine_knows_somebody_who_needs_it) {
  status_ = 409;
  const auto refused = removed();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "docker.engine_refused");
  containers_ = 7;
  EXPECT_EQ(removed().error().code, "docker.engine_malformed") << "nobody knows who uses it";
  EXPECT_EQ(orders_.size(), 1U);
}

}  // namespace
}  // namespace redflag::test
