// One container in another's place on a scripted engine: what it is asked, and what it is never asked.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "http_script.h"
#include "support/fake_host.h"
#include "swap.h"

namespace redflag::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kOldImage = "sha256:" + std::string(64, '1');
const std::string kNewImage = "sha256:" + std::string(64, '2');
const std::string kOldManifest = "sha256:" + std::string(64, '7');
const std::string kNewManifest = "sha256:" + std::string(64, '8');

// Just enough of an engine: containers by number, with their names, and what is asked of them.
class DockerSwap : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/redflag-swap-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    settings_.socket = folder_ / "socket";
    settings_.settle_s = 0;
    engine_ = std::make_unique<HttpScript>(settings_.socket, [this](const ScriptedAsk& ask) {
      return ask.method == "GET" ? told(ask.target) : done(ask);
    });
  }
  void TearDown() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  void have(const std::string& id, const std::string& name, bool running, Json config = Json::object()) {
    if (!config.contains("Image")) config["Image"] = "app:stable";
    containers_[id] = {{"Id", id},
                       {"Name", "/" + name},
                       {"Image", kOldImage},
                       {"Config", std::move(config)},
                       {"HostConfig", {{"NetworkMode", "none"}}},
                       {"State", {{"Running", running}, {"Status", running ? "running" : "exited"}}}};
  }
  docker::Result<std::string> exchange(std::int64_t seconds = 7'200) {
    docker::EngineClient client(settings_.socket);
    rf::Run run(fake_.newRun(RF_PURPOSE_UPDATES, seconds));
    return docker::Swap(client, settings_, fake_.host(), run).exchange("web", {kNewImage, kNewManifest});
  }
  docker::Result<> mend() {
    orders_.clear();
    docker::EngineClient client(settings_.socket);
    rf::Run run(fake_.newRun());
    return docker::Swap(client, settings_, fake_.host(), run).mend();
  }
  std::map<std::string, Json>::iterator find(const std::string& word) {
    return std::find_if(containers_.begin(), containers_.end(), [&](const auto& one) {
      return one.first == word || one.second.at("Name") == "/" + word;
    });
  }
  ScriptedAnswer told(const std::string& target) {
    if (target == "/containers/json?all=1") {
      auto list = Json::array();
      for (const auto& [id, one] : containers_)
        list.push_back({{"Id", id}, {"Names", {one.at("Name")}}});
      return answer(200, {}, dumpJson(list));
    }
    if (target.starts_with("/images/"))
      return answer(200, {}, R"({"Id":")" + kOldImage + R"(","Config":{}})");
    const auto found = find(target.substr(12, target.size() - 17));
    if (found != containers_.end() && found->second["State"].contains("Health") && starting_for_-- == 1)
      found->second["State"]["Health"]["Status"] = "healthy";
    return found == containers_.end() ? answer(404) : answer(200, {}, dumpJson(found->second));
  }
  ScriptedAnswer done(const ScriptedAsk& ask) {
    orders_.push_back(ask.method + " " + ask.target);
    const auto rest = ask.target.substr(12);
    if (rest.starts_with("create?name=")) {
      have("new", rest.substr(12), false, Json::parse(ask.body));
      containers_["new"]["Image"] = given_image_;
      containers_["new"]["State"]["Status"] = "created";
      return answer(201, {}, R"({"Id":"new"})");
    }
    const auto found = find(rest.substr(0, rest.find_first_of("/?")));
    if (found == containers_.end()) return answer(404);
    auto& state = found->second["State"];
    if (ask.method == "DELETE") {
      containers_.erase(found);
    } else if (const auto name = rest.find("?name="); name != std::string::npos) {
      found->second["Name"] = "/" + rest.substr(name + 6);
    } else if (rest.find("/stop") != std::string::npos) {
      state = {{"Running", false}, {"Status", "exited"}};
    } else if (rest.find("/kill") != std::string::npos) {
      if (state["Running"] == false) return answer(409);
      if (!never_ends_) state = {{"Running", false}, {"Status", "exited"}};
    } else if (rest.ends_with("/start")) {
      const bool runs = found->first != "new" || new_runs_;
      state = {{"Running", runs}, {"Status", runs ? "running" : "exited"}, {"ExitCode", 1}};
      if (new_is_sick_ && found->first == "new") state["Health"] = {{"Status", "unhealthy"}};
      if (starting_for_ > 0 && found->first == "new") state["Health"] = {{"Status", "starting"}};
    }
    return answer(204);
  }

  std::filesystem::path folder_;
  docker::Settings settings_;
  FakeHost fake_;
  std::map<std::string, Json> containers_;
  std::vector<std::string> orders_;
  std::string given_image_ = kNewImage;
  bool new_runs_ = true;
  bool new_is_sick_ = false;
  bool never_ends_ = false;
  int starting_for_ = 0;  // inspections
  std::unique_ptr<HttpScript> engine_;
};

TEST_F(DockerSwap, keeps_the_old_one_when_the_tag_is_another_image_than_the_approved_one) {
  have("old", "web", true);
  given_image_ = "sha256:" + std::string(64, '3');
  const auto refused = exchange();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, RF_PERMANENT);
  EXPECT_EQ(refused.error().code, "docker.tag_moved");
  EXPECT_THAT(refused.error().text, HasSubstr(given_image_));
  EXPECT_THAT(orders_,
              ElementsAre(StartsWith("POST /containers/create?"), StartsWith("DELETE /containers/new")))
      << "the old one is neither stopped nor renamed";
  EXPECT_EQ(containers_.at("old").at("State").at("Running"), true);

  given_image_ = kNewImage;
  const auto made = exchange();
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(find("web")->first, "new");
  EXPECT_EQ(find("web")->second.at("Image"), kNewImage);
  EXPECT_EQ(containers_.size(), 1U);
}

TEST_F(DockerSwap, gives_the_old_one_the_time_it_asks_for) {
  for (const auto& [asked, order] : std::vector<std::pair<Json, std::string>>{
           {nullptr, "stop?t=10"}, {0, "stop?t=0"}, {1'800, "stop?t=1800"}, {-1, "kill?signal=SIGQUIT"}}) {
    containers_.clear();
    orders_.clear();
    have("old", "web", true, {{"StopTimeout", asked}, {"StopSignal", "SIGQUIT"}});
    const auto made = exchange();
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_THAT(orders_, Contains("POST /containers/old/" + order));
    EXPECT_THAT(orders_, Not(Contains(HasSubstr("force=1"))));
    EXPECT_EQ(find("web")->first, "new");
  }
}

TEST_F(DockerSwap, never_kills_what_may_take_longer_than_there_is_time) {
  never_ends_ = true;
  for (const int asked : {-1, 1'800}) {
    containers_.clear();
    orders_.clear();
    have("old", "web", true, {{"StopTimeout", asked}});
    const auto refused = exchange(2);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "docker.put_back");
    EXPECT_THAT(refused.error().text, HasSubstr("is not killed"));
    EXPECT_THAT(orders_, Contains("POST /containers/old/kill?signal=SIGTERM"));
    EXPECT_THAT(orders_, Not(Contains(HasSubstr("/stop"))));
    ASSERT_EQ(containers_.size(), 1U);
    EXPECT_EQ(find("web")->first, "old");
    EXPECT_EQ(find("web")->second.at("State").at("Running"), true);
  }
}

TEST_F(DockerSwap, stops_a_new_one_that_is_sick_with_its_own_time_before_it_is_removed) {
  new_is_sick_ = true;
  have("old", "web", true, {{"StopTimeout", 30}});
  EXPECT_EQ(exchange().error().code, "docker.put_back");
  const auto stopped = std::find(orders_.begin(), orders_.end(), "POST /containers/new/stop?t=30");
  ASSERT_NE(stopped, orders_.end());
  EXPECT_NE(std::find(stopped, orders_.end(), "DELETE /containers/new?v=0&force=0"), orders_.end());
  EXPECT_EQ(find("web")->first, "old");
}

TEST_F(DockerSwap, gives_a_new_one_the_time_to_come_up_that_its_own_check_gives_it) {
  settings_.healthy_within_s = 0;
  for (const std::int64_t start_s : {0, 600}) {
    containers_.clear();
    starting_for_ = 3;
    have("old", "web", true, {{"Healthcheck", {{"StartPeriod", start_s * 1'000'000'000}}}});
    const auto made = exchange();
    EXPECT_EQ(made.has_value(), start_s > 0);
    EXPECT_EQ(find("web")->first, start_s > 0 ? "new" : "old");
  }
}

TEST_F(DockerSwap, mends_one_that_had_ended_in_a_time_without_end) {
  have("old", "web.redflag-running", false, {{"StopTimeout", -1}});
  have("new", "web.redflag-new", false, {{"Labels", {{"redflag.replaces", "old"}}}});
  const auto mended = mend();
  ASSERT_TRUE(mended) << mended.error().text;
  EXPECT_EQ(containers_.size(), 1U);
  EXPECT_EQ(find("web")->first, "old");
  EXPECT_EQ(find("web")->second.at("State").at("Running"), true);
}

TEST_F(DockerSwap, mends_nothing_that_is_not_its_own) {
  const Json ours{{"Labels", {{"redflag.replaces", "old"}}}};
  const Json others{{"Labels", {{"redflag.replaces", "another"}}}};
  for (const auto& config : {Json::object(), others}) {
    for (const auto* name : {"web", "web.redflag-new"}) {
      containers_.clear();
      have("old", "web.redflag-running", false);
      have("new", name, true, config);
      const auto refused = mend();
      ASSERT_FALSE(refused) << name;
      EXPECT_EQ(refused.error().code, "docker.leftover");
      EXPECT_THAT(orders_, IsEmpty()) << name;
    }
  }
  containers_.clear();
  have("old", "web.redflag-stopped", false);
  EXPECT_EQ(mend().error().code, "docker.leftover");
  EXPECT_THAT(orders_, IsEmpty()) << "the name alone says nothing";

  have("new", "web", true, ours);
  ASSERT_TRUE(mend());
  EXPECT_EQ(containers_.size(), 1U);
  EXPECT_EQ(find("web")->first, "new");

  containers_.clear();
  have("old", "web.redflag-running", false);
  have("new", "web.redflag-new", false, ours);
  ASSERT_TRUE(mend());
  EXPECT_EQ(containers_.size(), 1U);
  EXPECT_EQ(find("web")->first, "old");
  EXPECT_EQ(find("web")->second.at("State").at("Running"), true);
}

TEST_F(DockerSwap, marks_what_it_makes_with_whose_place_it_takes) {
  have("old", "web", true, {{"Labels", {{"redflag.replaces", "older"}, {"team", "shop"}}}});
  EXPECT_EQ(exchange().value(), "") << "the old one took the place of none, as far as anybody knows";
  EXPECT_EQ(find("web")->second.at("Config").at("Labels"),
            Json({{"redflag.replaces", "old"}, {"redflag.replaced_image", kOldImage}, {"team", "shop"}}));

  containers_.clear();
  const auto before = "sha256:" + std::string(64, '0');
  have("old", "web", true, {{"Labels", {{"redflag.replaced_image", before}}}});
  EXPECT_EQ(exchange().value(), before);
  EXPECT_EQ(find("web")->second.at("Config").at("Labels").at("redflag.replaced_image"), kOldImage);
}

TEST_F(DockerSwap, names_the_new_image_to_compose_as_compose_named_the_old_one) {
  const auto none = "sha256:" + std::string(64, '9');
  for (const auto& [recorded, renewed] : std::vector<std::pair<std::string, std::string>>{
           {kOldImage, kNewImage}, {kOldManifest, kNewManifest}, {none, kNewImage}}) {
    containers_.clear();
    have("old", "web", true, {{"Labels", {{"com.docker.compose.image", recorded}}}});
    containers_.at("old")["ImageManifestDescriptor"]["digest"] = kOldManifest;
    ASSERT_TRUE(exchange()) << recorded;
    EXPECT_EQ(find("web")->second.at("Config").at("Labels").at("com.docker.compose.image"), renewed);
  }
  containers_.clear();
  have("old", "web", true);
  ASSERT_TRUE(exchange());
  EXPECT_FALSE(find("web")->second.at("Config").at("Labels").contains("com.docker.compose.image"));
}

}  // namespace
}  // namespace redflag::test
