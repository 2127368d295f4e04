// Updates on a real engine from a real registry: a container made anew, one put back, and one whose
// installation was killed.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "../../support/cannot_run.h"
#include "docker_scan.h"
#include "engine_box.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using docker::DockerUpdater;
using testing::HasSubstr;
using testing::IsEmpty;

class EngineUpdate : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (EngineBox::possible()) box_ = new EngineBox;
  }
  static void TearDownTestSuite() {
    delete box_;
    box_ = nullptr;
  }
  void SetUp() override {
    if (box_ == nullptr) REDFLAG_CANNOT_RUN << "no engine can be started here";
    updater_.settings.socket = box_->socket();
    updater_.settings.settle_s = 1;
    updater_.settings.healthy_within_s = 20;
  }
  void TearDown() override {
    if (box_ == nullptr) return;
    for (const auto& name : names())
      box_->docker({"rm", "--force", name});
  }

  std::string image(const std::string& repository) const { return box_->registry() + "/" + repository; }
  static void run(const std::string& name, const std::string& image, std::vector<std::string> options = {},
                  const std::vector<std::string>& command = {}) {
    std::vector<std::string> words{"run",    "--detach", "--network",      "none",
                                   "--name", name,       "--stop-timeout", "1"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(image);
    words.insert(words.end(), command.begin(), command.end());
    box_->docker(words);
  }
  static std::set<std::string> names() {
    std::set<std::string> out;
    const auto text = box_->docker({"ps", "--all", "--format", "{{.Names}}"});
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      out.insert(text.substr(at, text.find('\n', at) - at));
    return out;
  }
  std::vector<Json> scanned() {
    FakeHost fake;
    rf::Run run(fake.newRun());
    EXPECT_EQ(docker::DockerScan(updater_.settings, fake.host(), run).scan(), rf::Status::kOk);
    return fake.ofKind("update/1");
  }
  static bool isThere(const std::string& image) {
    int status = 0;
    box_->docker({"image", "inspect", "--format", "{{.Id}}", image}, &status);
    return status == 0;
  }
  static std::vector<std::string> sleeping(const std::string& version) {
    return {"CMD [\"/bin/busybox\", \"sleep\", \"600\"]", "ENV FROM_IMAGE=" + version};
  }

  static EngineBox* box_;
  DockerUpdaterOf updater_;
};
EngineBox* EngineUpdate::box_ = nullptr;

// Without what is a container's own: numbers, times, places, and what the image says.
Json settingsOf(Json container) {
  for (const auto* own :
       {"Id", "Created", "State", "Image", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath"})
    container.erase(own);
  container["Config"].erase("Hostname");
  container["Config"].erase("Env");
  container["Config"]["Labels"].erase("com.docker.compose.image");
  // Whose place it took: the old one cannot have it.
  for (const auto* ours : {"redflag.replaces", "redflag.replaced_image"})
    container["Config"]["Labels"].erase(ours);
  container["NetworkSettings"].erase("SandboxID");
  container["NetworkSettings"].erase("SandboxKey");
  for (auto& network : container["NetworkSettings"]["Networks"])
    network.erase("EndpointID");
  container["HostConfig"].erase("Binds");  // volumes without a name are named there
  std::sort(container["Mounts"].begin(), container["Mounts"].end());
  for (auto& mount : container["Mounts"])
    mount.erase("Mode");
  return container;
}

TEST_F(EngineUpdate, makes_containers_anew_with_their_own_settings_and_the_new_images) {
  const auto name = image("app:stable");
  box_->publish(name, "v1", sleeping("v1"));
  run("web", name,
      {"--env",
       "MINE=kept",
       "--label",
       "team=shop",
       "--label",
       "com.docker.compose.image=sha256:x",
       "--restart",
       "unless-stopped",
       "--volume",
       "/data",
       "--volume",
       "named:/named",
       "--user",
       "0:0",
       "--hostname",
       "web-host",
       "--read-only",
       "--workdir",
       "/data",
       "--tmpfs",
       "/scratch:size=1m",
       "--shm-size",
       "1m",
       "--cap-drop",
       "CHOWN",
       "--ulimit",
       "nofile=512:1024",
       "--log-opt",
       "max-size=1m",
       "--oom-score-adj",
       "100",
       "--security-opt",
       "no-new-privileges"});
  run("second", name);
  box_->docker({"stop", "--time", "0", "second"});
  box_->docker({"exec", "web", "/bin/busybox", "sh", "-c", "echo precious > /data/file"});
  const auto before = box_->inspect("web");
  EXPECT_EQ(before.at("HostConfig").at("ShmSize"), 1 << 20) << "they are not what any container has";
  const auto next = box_->publish(name, "v2", sleeping("v2"));

  ASSERT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(updater_.result().at("steps")[0].at("result"), "done");
  EXPECT_EQ(names(), (std::set<std::string>{"second", "web"}));
  EXPECT_EQ(box_->versionIn("web"), "v2");
  const auto after = box_->inspect("web");
  EXPECT_NE(after.at("Id"), before.at("Id"));
  EXPECT_EQ(after.at("Config").at("Labels").at("com.docker.compose.image"), after.at("Image"));
  EXPECT_EQ(settingsOf(after), settingsOf(before)) << Json::diff(settingsOf(before), settingsOf(after));
  EXPECT_THAT(dumpJson(after.at("Config").at("Env")), HasSubstr("MINE=kept"));
  EXPECT_THAT(dumpJson(after.at("Config").at("Env")), HasSubstr("FROM_IMAGE=v2"));
  EXPECT_EQ(box_->docker({"exec", "web", "/bin/busybox", "cat", "/data/file"}), "precious\n");
  EXPECT_EQ(box_->inspect("second").at("State").at("Status"), "created") << "it did not run before";
  EXPECT_THAT(scanned(), IsEmpty());
  ASSERT_EQ(updater_.run(&DockerUpdater::verify, DockerUpdaterOf::order(name, next)), rf::Status::kOk);
  EXPECT_EQ(updater_.result().at("updates")[0].at("verified"), true);
}

TEST_F(EngineUpdate, pulls_with_the_admins_password) {
  const auto name = box_->serveWithPassword() + "/private:stable";
  box_->publish(name, "v1", sleeping("v1"));
  run("private", name);
  const auto next = box_->publish(name, "v2", sleeping("v2"));
  EXPECT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kDenied);
  updater_.settings.credentials_file = box_->folder() / "client/config.json";
  ASSERT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(box_->versionIn("private"), "v2");
  for (const auto& line : updater_.fake.lines)
    EXPECT_EQ(line.find(EngineBox::kPassword), std::string::npos);
}

TEST_F(EngineUpdate, plans_without_changing_anything) {
  const auto name = image("planned:stable");
  const auto old = box_->publish(name, "v1", sleeping("v1"));
  run("planned", name);
  const auto next = box_->publish(name, "v2", sleeping("v2"));
  const auto before = box_->inspect("planned");
  ASSERT_EQ(updater_.run(&DockerUpdater::plan, DockerUpdaterOf::order(name, next)), rf::Status::kOk);
  const auto plan = updater_.result();
  EXPECT_EQ(plan.at("steps")[0].at("operation"), "upgrade");
  EXPECT_EQ(plan.at("steps")[0].at("name"), name);
  EXPECT_EQ(plan.at("steps")[0].at("from"), old);
  EXPECT_EQ(plan.at("steps")[0].at("to"), next);
  EXPECT_EQ(plan.at("restarts"), Json({"container planned"}));
  EXPECT_GT(plan.at("download_bytes"), 100'000);
  EXPECT_EQ(box_->inspect("planned"), before);
  auto order = DockerUpdaterOf::order(name, next);
  order["plan"] = plan;
  EXPECT_FALSE(isThere(image("planned@") + next)) << "a plan pulls nothing";
  ASSERT_EQ(updater_.run(&DockerUpdater::download, order), rf::Status::kOk);
  EXPECT_TRUE(isThere(image("planned@") + next));
  EXPECT_EQ(box_->inspect("planned"), before);
  order["plan"]["steps"][0]["from"] = next;
  EXPECT_EQ(updater_.run(&DockerUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "docker.plan_changed");
}

TEST_F(EngineUpdate, puts_the_old_one_back_when_the_new_one_is_not_healthy_or_ends) {
  const auto name = image("fragile:stable");
  box_->publish(name, "v1", sleeping("v1"));
  run("checked", name,
      {"--health-cmd", "/bin/busybox grep -q v1 /version", "--health-interval", "1s", "--health-retries",
       "1"});
  const auto before = box_->inspect("checked");
  const auto next = box_->publish(name, "v2", sleeping("v2"));
  EXPECT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "docker.put_back");
  EXPECT_THAT(updater_.lastText(), HasSubstr("unhealthy"));
  EXPECT_EQ(updater_.result().at("steps")[0].at("result"), "failed");
  EXPECT_EQ(names(), std::set<std::string>{"checked"});
  const auto after = box_->inspect("checked");
  EXPECT_EQ(after.at("Id"), before.at("Id"));
  EXPECT_EQ(after.at("State").at("Running"), true);
  EXPECT_EQ(scanned().size(), 1U) << "it is offered still";
  const auto tagged = box_->docker({"image", "inspect", "--format", "{{.Id}}", name});
  EXPECT_THAT(tagged, HasSubstr(before.at("Image").get<std::string>())) << "the tag is what runs";

  EXPECT_FALSE(isThere(image("fragile@") + next)) << "it was pulled for nothing";
  EXPECT_THAT(updater_.lastText(), HasSubstr("was pulled for it is removed again"));

  const auto ends = box_->publish(name, "v3", {"CMD [\"/bin/busybox\", \"false\"]"});
  box_->docker({"pull", "--quiet", image("fragile@") + ends});
  EXPECT_EQ(updater_.install(DockerUpdaterOf::order(name, ends)), rf::Status::kPermanent);
  EXPECT_TRUE(isThere(image("fragile@") + ends)) << "somebody else pulled it";
  EXPECT_THAT(updater_.lastText(), HasSubstr("ended with 1"));
  EXPECT_EQ(box_->inspect("checked").at("Id"), before.at("Id"));
  EXPECT_EQ(box_->versionIn("checked"), "v1");
}

TEST_F(EngineUpdate, keeps_the_image_before_and_removes_the_one_before_that) {
  const auto name = image("kept:stable");
  box_->publish(name, "v1", sleeping("v1"));
  run("kept", name);
  std::vector<std::string> images{box_->inspect("kept").at("Image").get<std::string>()};
  for (const auto* version : {"v2", "v3", "v4"}) {
    if (images.size() == 3) box_->docker({"image", "tag", images[1], "mine:kept"});
    const auto next = box_->publish(name, version, sleeping(version));
    ASSERT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kOk) << updater_.lastText();
    images.push_back(box_->inspect("kept").at("Image").get<std::string>());
    EXPECT_TRUE(isThere(images[images.size() - 2])) << "before " << version;
    EXPECT_EQ(isThere(images[0]), images.size() < 3) << version;
  }
  EXPECT_TRUE(isThere(images[1])) << "somebody has given it a name";
  box_->docker({"image", "rm", "mine:kept"});
}

TEST_F(EngineUpdate, waits_for_one_that_may_take_as_long_as_it_wants_to_end) {
  const auto name = image("slow:stable");
  box_->publish(name, "v1", sleeping("v1"));
  run("slow", name, {"--stop-timeout", "-1", "--restart", "always", "--volume", "slow:/data"},
      {"/bin/busybox", "sh", "-c",
       "trap '/bin/busybox sleep 2; echo clean >> /data/ended; exit 0' TERM; "
       "while :; do /bin/busybox sleep 0.1; done"});
  const auto next = box_->publish(name, "v2", sleeping("v2"));
  ASSERT_EQ(updater_.install(DockerUpdaterOf::order(name, next)), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(box_->docker({"exec", "slow", "/bin/busybox", "cat", "/data/ended"}), "clean\n");
  EXPECT_EQ(box_->versionIn("slow"), "v2");
  EXPECT_EQ(names(), std::set<std::string>{"slow"});
}

TEST_F(EngineUpdate, installs_nothing_but_what_is_offered_and_may_be_made_anew) {
  const auto name = image("strict:stable");
  const auto old = box_->publish(name, "v1", sleeping("v1"));
  run("strict", name);
  const auto code = [&](const std::string& what, const std::string& digest) {
    EXPECT_NE(updater_.install(DockerUpdaterOf::order(what, digest)), rf::Status::kOk);
    return updater_.lastCode();
  };
  EXPECT_EQ(code(name, "sha256:" + std::string(64, 'a')), "docker.version_gone");
  EXPECT_EQ(code(image("nobody:stable"), old), "docker.no_container");
  const auto next = box_->publish(name, "v2", sleeping("v2"));
  EXPECT_EQ(code(name, old), "docker.version_gone") << "an older one is not offered";
  EXPECT_EQ(updater_.install(DockerUpdaterOf::order(name, next, "linux/arm64")), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "docker.other_platform");
  run("swarms", name, {"--label", "com.docker.swarm.task.id=x"});
  EXPECT_EQ(code(name, next), "docker.excluded");
  box_->docker({"rm", "--force", "swarms"});
  box_->docker({"run", "--detach", "--name", "guest", "--network", "container:strict", name});
  EXPECT_EQ(code(name, next), "docker.excluded") << "it would lose its network";
  EXPECT_EQ(box_->versionIn("strict"), "v1");
}

TEST_F(EngineUpdate, that_was_killed_before_a_bad_one_was_seen_is_put_back_by_the_repair) {
  const auto name = image("half:stable");
  box_->publish(name, "v1", sleeping("v1"));
  run("half", name);
  const auto before = box_->inspect("half");
  box_->docker({"stop", "--time", "0", "half"});
  box_->docker({"rename", "half", "half.redflag-running"});
  box_->make("other:latest", "x", sleeping("x"));
  box_->docker({"create", "--network", "none", "--name", "half", "other:latest"});
  EXPECT_EQ(updater_.repair(), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "docker.leftover") << "that is none of ours";
  EXPECT_EQ(names(), (std::set<std::string>{"half", "half.redflag-running"}));

  box_->docker({"rm", "--force", "half"});
  box_->make(name, "v2", {"CMD [\"/bin/busybox\", \"false\"]"});
  box_->docker({"create", "--network", "none", "--name", "half", name});
  EXPECT_EQ(updater_.repair(), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "docker.leftover") << "the same image does not make it ours";
  EXPECT_EQ(names(), (std::set<std::string>{"half", "half.redflag-running"}));

  box_->docker({"rm", "--force", "half"});
  box_->docker({"create", "--network", "none", "--name", "half", "--label",
                "redflag.replaces=" + before.at("Id").get<std::string>(), name});
  EXPECT_EQ(updater_.repair(), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(names(), std::set<std::string>{"half"});
  EXPECT_EQ(box_->inspect("half").at("Id"), before.at("Id"));
  EXPECT_EQ(box_->inspect("half").at("State").at("Running"), true);
}

TEST_F(EngineUpdate, that_was_killed_anywhere_is_mended) {
  const auto name = image("killed:stable");
  box_->publish(name, "v0", sleeping("v0"));
  run("killed", name);
  int version = 0;
  std::set<std::set<std::string>> seen;
  for (const int after_ms : {300, 700, 1100, 1500, 1900, 2400}) {
    const auto next = box_->publish(name, "v" + std::to_string(++version), sleeping("x"));
    const auto child = ::fork();
    if (child == 0) {
      updater_.install(DockerUpdaterOf::order(name, next));
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(after_ms) * 1000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    seen.insert(names());
    ASSERT_EQ(updater_.repair(), rf::Status::kOk) << after_ms << updater_.lastText();
    // What the engine was in the middle of is seen by the next repair, which every installation begins with.
    ::usleep(1'000'000);
    ASSERT_EQ(updater_.repair(), rf::Status::kOk) << after_ms << updater_.lastText();
    ASSERT_EQ(names(), std::set<std::string>{"killed"}) << after_ms;
    ASSERT_EQ(box_->inspect("killed").at("State").at("Running"), true) << after_ms;
  }
  EXPECT_GE(seen.size(), 2U) << "none of them was killed in the middle";
  const auto last = box_->publish(name, "last", sleeping("last"));
  EXPECT_EQ(updater_.install(DockerUpdaterOf::order(name, last)), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(box_->versionIn("killed"), "last");
}

}  // namespace
}  // namespace redflag::test
