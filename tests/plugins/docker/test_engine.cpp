// What an engine says of its containers and images, read: what it does not tell, and who needs whom.
#include <gmock/gmock.h>

#include <algorithm>

#include "engine.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using docker::Engine;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string numbered(char digit) {
  return std::string(64, digit);
}
const std::string kImage = "sha256:" + numbered('1');
const std::string kOtherImage = "sha256:" + numbered('2');

// Containers "a", "b" … of one image, and an image beside it that nobody uses.
class DockerEngine : public ::testing::Test {
 protected:
  Json& has(char name, const std::string& state = "running") {
    const auto id = numbered(name);
    list_.push_back({{"Id", id}, {"Names", {"/" + std::string(1, name)}}, {"Image", "app:1"}});
    return inspected_["/containers/" + id + "/json"] = {{"Id", id},
                                                        {"Name", "/" + std::string(1, name)},
                                                        {"Image", kImage},
                                                        {"Config", {{"Image", "app:1"}}},
                                                        {"HostConfig", Json::object()},
                                                        {"State", {{"Status", state}}}};
  }
  docker::Result<Engine> read() {
    inspected_["/version"] = {{"Version", "20.10.24"}};
    inspected_["/containers/json?all=1"] = list_;
    inspected_["/images/json"] = {
        {{"Id", kImage}, {"RepoTags", {"app:1"}}, {"RepoDigests", {"app@" + kOtherImage}}},
        {{"Id", kOtherImage}, {"RepoTags", {"registry.example/tool:2"}}, {"RepoDigests", Json::array()}}};
    for (const auto& id : {kImage, kOtherImage})
      inspected_.emplace("/images/" + id + "/json", Json{{"Os", "linux"}, {"Architecture", "amd64"}});
    rf::Run run(fake_.newRun());
    const auto get = [this](const std::string& target) -> rf::Value<rf::HttpAnswer> {
      if (const auto found = problems_.find(target); found != problems_.end())
        return {found->second, "silence"};
      rf::HttpAnswer out;
      const auto status = statuses_.find(target);
      out.http_status = status == statuses_.end() ? 200 : status->second;
      out.body = dumpJson(inspected_.at(target));
      return out;
    };
    return docker::EngineReader(get, run).read();
  }
  static std::string container(char name) { return "/containers/" + numbered(name) + "/json"; }
  static docker::Reference named(const std::string& name) { return *docker::parseReference(name); }
  static const docker::Container& of(const Engine& engine, const std::string& name) {
    return *std::find_if(engine.containers.begin(), engine.containers.end(),
                         [&](const auto& one) { return one.name == name; });
  }

  FakeHost fake_;
  Json list_ = Json::array();
  std::map<std::string, Json> inspected_;
  std::map<std::string, int> statuses_;
  std::map<std::string, rf::Status> problems_;
};

TEST_F(DockerEngine, that_does_not_tell_of_one_container_tells_of_all_others) {
  for (const char name : {'a', 'b', 'c', 'd'})
    has(name);
  statuses_[container('a')] = 500;
  problems_[container('b')] = rf::Status::kLimit;
  inspected_[container('c')]["Id"] = numbered('a');
  const auto engine = read();
  ASSERT_TRUE(engine) << engine.error().text;
  ASSERT_THAT(engine->containers, SizeIs(1));
  EXPECT_EQ(engine->containers[0].name, "d");
  EXPECT_TRUE(engine->containers[0].orchestrated) << "one of the others may live in its namespaces";
  ASSERT_THAT(engine->unread, SizeIs(3));
  for (const auto& one : engine->unread)
    EXPECT_EQ(one.why.code, "docker.unreadable");
  EXPECT_THAT(engine->unread[0].why.text, HasSubstr("container a aaaaaaaaaaaa could not be read: "));
  EXPECT_NE(engine->unreadOf(named("app:1")), nullptr);
  EXPECT_EQ(engine->unreadOf(named("app:2")), nullptr);
  EXPECT_NE(engine->unreadIn("docker.io"), nullptr);
  EXPECT_EQ(engine->unreadIn("registry.example"), nullptr);
}

TEST_F(DockerEngine, that_hangs_over_a_second_container_is_not_asked_about_a_third) {
  for (const char name : {'a', 'b', 'c'})
    has(name);
  problems_[container('a')] = rf::Status::kTransient;
  ASSERT_TRUE(read());
  problems_[container('b')] = rf::Status::kTransient;
  const auto engine = read();
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, "docker.engine_unreachable");
  problems_ = {{container('a'), rf::Status::kDenied}};
  EXPECT_EQ(read().error().status, RF_DENIED) << "nobody would be told of any other";
}

TEST_F(DockerEngine, that_does_not_tell_of_an_image_fails_what_has_its_names) {
  has('a');
  statuses_["/images/" + kImage + "/json"] = 500;
  auto engine = read();
  ASSERT_TRUE(engine) << engine.error().text;
  EXPECT_FALSE(engine->images.contains(kImage));
  EXPECT_FALSE(of(*engine, "a").orchestrated) << "an image lives in nobody's namespaces";
  ASSERT_NE(engine->unreadIn("docker.io"), nullptr);
  EXPECT_THAT(engine->unreadIn("docker.io")->why.text, HasSubstr("image app:1"));
  EXPECT_EQ(engine->unreadIn("registry.example"), nullptr);

  statuses_["/images/" + kImage + "/json"] = 404;
  engine = read();
  ASSERT_TRUE(engine);
  EXPECT_FALSE(engine->images.contains(kImage)) << "it was removed meanwhile";
  EXPECT_THAT(engine->unread, SizeIs(0));
}

TEST_F(DockerEngine, runs_what_could_not_be_started_again_without_whom_it_lives_in) {
  for (const auto& [key, value] : std::vector<std::pair<const char*, Json>>{
           {"NetworkMode", "container:" + numbered('b')}, {"Links", {"/b:/a/db"}}}) {
    for (const auto& [host, kept] : std::vector<std::pair<std::string, bool>>{
             {"running", false}, {"paused", false}, {"exited", true}, {"", true}}) {
      list_ = Json::array();
      if (!host.empty()) has('b', host);
      has('a')["HostConfig"][key] = value;
      const auto engine = read();
      ASSERT_TRUE(engine) << engine.error().text;
      EXPECT_EQ(of(*engine, "a").orchestrated, kept) << key << " " << host;
      has('a', "exited")["HostConfig"][key] = value;
      list_.erase(list_.size() - 1);
      EXPECT_FALSE(of(*read(), "a").orchestrated) << "it is not stopped, and nothing is lost";
    }
  }
}

// What keeps a pod together, since Podman 5.5.
TEST_F(DockerEngine, has_containers_that_were_made_of_no_image) {
  for (const auto* number : {"sha256:", ""}) {
    list_ = Json::array();
    auto& infra = has('a');
    infra["Image"] = number;
    infra["Config"]["Image"] = "";
    has('b');
    const auto engine = read();
    ASSERT_TRUE(engine) << engine.error().text;
    EXPECT_THAT(engine->unread, SizeIs(0)) << number;
    ASSERT_THAT(engine->containers, SizeIs(2)) << number;
    EXPECT_EQ(of(*engine, "a").image_id, "") << number;
    EXPECT_FALSE(of(*engine, "a").reference) << number;
    EXPECT_FALSE(of(*engine, "b").orchestrated) << number;
  }
  inspected_.at(container('a'))["Image"] = "sha256:x";
  EXPECT_THAT(read()->unread, SizeIs(1));
}

TEST_F(DockerEngine, says_what_somebody_else_starts_and_ends) {
  for (const auto* label :
       {"com.docker.swarm.task.id", "io.kubernetes.pod.name", "com.amazonaws.ecs.task-arn",
        "net.azure-devices.edge.owner", "supervisor_managed"}) {
    list_ = Json::array();
    has('a')["Config"]["Labels"][label] = "x";
    has('b')["Config"]["Labels"]["com.docker.compose.project"] = "shop";
    const auto engine = read();
    ASSERT_TRUE(engine) << engine.error().text;
    EXPECT_TRUE(of(*engine, "a").orchestrated) << label;
    EXPECT_FALSE(of(*engine, "b").orchestrated) << label;
  }
}

TEST_F(DockerEngine, does_no_work_twice_that_compose_was_told_to_do_once) {
  for (const auto& [state, once, is_kept] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"running", "True", true},
                                                               {"paused", "True", true},
                                                               {"exited", "True", false},
                                                               {"running", "False", false}}) {
    list_ = Json::array();
    has('a', state)["Config"]["Labels"]["com.docker.compose.oneoff"] = once;
    const auto engine = read();
    ASSERT_TRUE(engine) << engine.error().text;
    EXPECT_EQ(of(*engine, "a").orchestrated, is_kept) << state << " " << once;
  }
}

}  // namespace
}  // namespace redflag::test
