// The scan of a real engine with a real registry: what it says is what a pull would bring.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "../../support/cannot_run.h"
#include "access.h"
#include "docker_scan.h"
#include "engine_box.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class EngineScan : public testing::Test {
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
    settings_.socket = box_->socket();
  }
  rf::Status scan() {
    rf::Run run(fake_.newRun());
    return docker::DockerScan(settings_, fake_.host(), run).scan();
  }
  void run(const std::string& name, const std::string& image, std::vector<std::string> options = {}) {
    std::vector<std::string> words{"run", "--detach", "--network", "none", "--name", name};
    words.insert(words.end(), options.begin(), options.end());
    for (const auto* word : {image.c_str(), "/bin/busybox", "sleep", "600"})
      words.emplace_back(word);
    box_->docker(words);
  }
  // The whole way: agent, sealed host, plugin; the engine is asked by the agent in its place.
  std::string scannedByAgent() const {
    const auto config = box_->folder() / "agent.yaml";
    std::ofstream(config) << "version: 1\nplugins:\n  docker: {settings: {socket: \"" << settings_.socket
                          << "\", credentials_file: \"" << settings_.credentials_file << "\"}}\n";
    return ranWith({std::string(REDFLAG_BUILD) + "/bin/redflag-agent", "--config", config.string(), "--state",
                    box_->folder() / "state", "scan", "docker", "--format", "json"});
  }
  static bool offers(const std::string& scan, const std::string& digest) {
    const auto scanned = Json::parse(scan).at("scans").at(0);
    EXPECT_EQ(scanned.at("status"), "ok") << scanned;
    EXPECT_EQ(scanned.at("complete"), true) << scanned;
    const auto& rows = scanned.at("records");
    return std::any_of(rows.begin(), rows.end(), [&](const Json& row) {
      return row.at("record") == "update/1" && row.at("candidate_version") == digest;
    });
  }
  Json updateOf(const std::string& name) const {
    for (const auto& row : fake_.ofKind("update/1"))
      if (row.at("name") == name) return row;
    return Json::object();
  }

  static EngineBox* box_;
  docker::Settings settings_;
  FakeHost fake_;
};
EngineBox* EngineScan::box_ = nullptr;

TEST_F(EngineScan, finds_what_was_pushed_until_it_is_pulled_and_the_container_made_anew) {
  const auto image = box_->registry() + "/shop/web:stable";
  const auto old = box_->publish(image, "v1");
  run("web", image, {"--label", "com.docker.compose.project=shop"});
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  EXPECT_EQ(fake_.ofKind("image/1").at(0).at("digest"), old);

  const auto next = box_->publish(image, "v2");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(updateOf(image).value("installed_version", ""), old);
  EXPECT_EQ(updateOf(image).value("candidate_version", ""), next);
  EXPECT_GT(updateOf(image).value("download_bytes", 0), 100'000);
  const auto container = fake_.ofKind("container/1").at(0);
  EXPECT_EQ(container.at("name"), "web");
  EXPECT_EQ(container.at("state"), "running");
  EXPECT_EQ(container.at("compose_project"), "shop");
  EXPECT_EQ(container.at("image"), image);

  box_->docker({"pull", "--quiet", image});
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(updateOf(image).value("candidate_version", ""), next) << "pulled, but the old one still runs";
  box_->docker({"rm", "--force", "web"});
  run("web", image);
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_THAT(fake_.ofKind("update/1"), IsEmpty());
  box_->docker({"rm", "--force", "web"});
}

TEST_F(EngineScan, tells_health_pins_newer_tags_and_what_was_made_here) {
  const auto image = box_->registry() + "/tool:1.0.0";
  const auto digest = box_->publish(image, "1.0.0");
  box_->publish(box_->registry() + "/tool:1.1.0", "1.1.0");
  box_->make("mine:latest", "0");
  const auto pinned = box_->registry() + "/tool@" + digest;
  run("checked", image, {"--health-cmd", "/bin/busybox true", "--health-interval", "1s"});
  run("fixed", pinned);
  run("own", "mine:latest");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(updateOf(image).value("candidate_version", ""), "1.1.0");
  EXPECT_EQ(updateOf(image).value("blocked_by", ""), "held");
  EXPECT_THAT(fake_.ofKind("update/1"), SizeIs(1));
  for (const auto& row : fake_.ofKind("container/1")) {
    EXPECT_EQ(row.at("pinned"), row.at("name") == "fixed" ? 1 : 0) << row;
    EXPECT_EQ(row.contains("health"), row.at("name") == "checked") << row;
  }
  for (const auto& row : fake_.ofKind("image/1"))
    EXPECT_EQ(row.contains("offered_digest"), row.at("scope") != "engine") << row;
  for (const auto* name : {"checked", "fixed", "own"})
    box_->docker({"rm", "--force", name});
}

TEST_F(EngineScan, asks_podman_all_the_same) {
  int status = 0;
  const auto podman = [&](std::vector<std::string> words) {
    const std::vector<std::string> begin{
        "podman",           "--root", box_->folder() / "podman", "--runroot", box_->folder() / "podman-run",
        "--storage-driver", "vfs"};
    words.insert(words.begin(), begin.begin(), begin.end());
    return words;
  };
  ranWith(podman({"version"}), &status);
  if (status != 0) REDFLAG_CANNOT_RUN << "podman does not run here";
  const auto image = box_->registry() + "/pod:latest";
  const auto old = box_->publish(image, "v1");
  ranWith(podman({"pull", "--quiet", "--tls-verify=false", image}));
  ranWith(podman({"create", "--network", "none", "--name", "pod", image, "/bin/busybox", "true"}));
  const auto next = box_->publish(image, "v2");
  settings_.socket = box_->folder() / "podman.sock";
  const auto service = ::fork();
  if (service == 0) {
    const auto words = podman({"system", "service", "--time", "30", "unix://" + settings_.socket});
    std::vector<char*> argv;
    for (const auto& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  for (int i = 0; i < 100 && !std::filesystem::exists(settings_.socket); ++i)
    ::usleep(100'000);
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(updateOf(image).value("installed_version", ""), old);
  EXPECT_EQ(updateOf(image).value("candidate_version", ""), next);
  EXPECT_EQ(updateOf(image).value("blocked_by", ""), "excluded") << "Podman's are not made anew";
  EXPECT_EQ(fake_.ofKind("container/1").at(0).at("name"), "pod");
  EXPECT_TRUE(offers(scannedByAgent(), next));
  ::kill(service, SIGTERM);
  ::waitpid(service, nullptr, 0);
  ranWith(podman({"rm", "--force", "pod"}));
}

TEST_F(EngineScan, is_the_same_through_the_agent) {
  const auto image = box_->registry() + "/agent:latest";
  box_->publish(image, "v1");
  run("seen", image, {"--env", "PASSWORD=hunter2"});
  const auto next = box_->publish(image, "v2");
  const auto scan = scannedByAgent();
  EXPECT_TRUE(offers(scan, next));
  EXPECT_EQ(scan.find("hunter2"), std::string::npos);
  box_->docker({"rm", "--force", "seen"});
}

TEST_F(EngineScan, opens_a_registry_with_the_admins_password_and_tells_it_to_nobody) {
  const auto host = box_->serveWithPassword();
  const auto image = host + "/private:latest";
  box_->publish(image, "v1");
  run("private", image);
  const auto next = box_->publish(image, "v2");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(host + "/private"), RF_DENIED);
  EXPECT_EQ(fake_.scopeStatus(host), RF_OK);
  settings_.credentials_file = box_->folder() / "client/config.json";
  const auto written = scannedByAgent();
  EXPECT_TRUE(offers(written, next));
  for (const std::string secret : {EngineBox::kPassword, "c2hvcDpzM2NyZXQtd29yZA=="})
    EXPECT_EQ(written.find(secret), std::string::npos);
  box_->docker({"rm", "--force", "private"});
}

TEST_F(EngineScan, finds_through_the_engines_proxy_what_its_pulls_find) {
  const auto certificate = box_->folder() / (box_->serveBehindProxy() + ".pem");
  const std::string host = EngineBox::kProxied;
  settings_.certificates = box_->folder() / "certs.d";
  std::filesystem::create_directories(std::filesystem::path(settings_.certificates) / host);
  std::filesystem::copy_file(certificate, std::filesystem::path(settings_.certificates) / host / "ca.crt");
  const auto image = host + "/shop/far:stable";
  const auto old = box_->publish(image, "v1");
  run("far", image);
  const auto next = box_->publish(image, "v2");
  const auto pulls = box_->proxy().asks().size();
  EXPECT_GT(pulls, 0U);
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus(host), RF_OK);
  EXPECT_EQ(updateOf(image).value("installed_version", ""), old);
  EXPECT_EQ(updateOf(image).value("candidate_version", ""), next);
  EXPECT_GT(box_->proxy().asks().size(), pulls);
  settings_.proxy = "none";
  scan();
  EXPECT_EQ(fake_.scopeStatus(host), RF_TRANSIENT) << "only the proxy knows where it is";
  box_->docker({"rm", "--force", "far"});
  box_->docker({"image", "rm", "--force", image});
}

TEST_F(EngineScan, speaks_tls_only_with_whom_somebody_vouches_for) {
  const auto host = box_->serveWithTls();
  settings_.certificates = box_->folder() / "certs.d";
  const auto folder = std::filesystem::path(settings_.certificates) / host;
  std::filesystem::create_directories(folder);
  const auto codeOf = [&] {
    const rf::Clock clock(fake_.host());
    docker::HttpClient http([] { return false; });
    const auto access = docker::accessTo(host, docker::Credentials(), rf::File(fake_.host()), settings_);
    docker::Registry registry(http, clock, host, access, 10'000'000'000);
    return registry.digestOf("app", "v1").error().code;
  };
  EXPECT_EQ(codeOf(), "docker.registry_malformed") << "without an authority loopback is spoken to plainly";
  ranWith({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-subj", "/CN=other", "-keyout", "/dev/null", "-out", folder / "ca.crt"});
  EXPECT_EQ(codeOf(), "docker.registry_certificate") << "somebody else's";
  std::filesystem::copy_file(box_->folder() / (host + ".pem"), folder / "ca.crt",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(codeOf(), "docker.tag_gone") << "it was asked";
}

}  // namespace
}  // namespace redflag::test
