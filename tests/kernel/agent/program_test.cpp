// redflag-agent as people start it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/local_client.h"
#include "base/json.h"
#include "host/manifest.h"
#include "platform/descriptor.h"
#include "platform/files.h"
#include "platform/process.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

struct Ended {
  int code = -1;
  std::string out;
  std::string err;
};

class Program : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-program-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path state() const { return folder_ / "state"; }
  std::filesystem::path configFile() const { return folder_ / "agent.yaml"; }

  void configure(const std::string& text) {
    ASSERT_TRUE(platform::writeFileAtomic(configFile(), text, 0644, platform::Durability::kCrash));
  }
  static std::string plugin(const std::string& id) {
    const auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", id);
    EXPECT_TRUE(manifest) << manifest.error().text;
    return "  " + id + ": {sha256: " + (manifest ? manifest->sha256 : "") + "}\n";
  }

  Result<platform::Process> start(std::vector<std::string> arguments) {
    platform::SpawnOptions options;
    options.program = REDFLAG_BUILD "/bin/redflag-agent";
    options.arguments = {"--state", state().string(), "--plugins", REDFLAG_BUILD "/test_plugins"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    options.environment = {"PATH=/usr/bin:/bin", "HOME=" + folder_.string()};
    const platform::Descriptor out(
        ::open((folder_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const platform::Descriptor err(
        ::open((folder_ / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    options.descriptors = {{1, out.get()}, {2, err.get()}};
    return platform::Process::spawn(options);
  }

  Ended run(std::vector<std::string> arguments) {
    auto process = start(std::move(arguments));
    if (!process) return {-1, "", process.error().text};
    const auto end = process->wait(30 * kSecondNs);
    return {end && end->exited ? end->code : -1, *platform::readFile(folder_ / "out", 10U << 20U),
            *platform::readFile(folder_ / "err", 10U << 20U)};
  }

  // Waits until the running agent's status satisfies the condition.
  Json waitFor(const std::function<bool(const Json&)>& condition) {
    Json last;
    for (int i = 0; i < 1000; ++i) {
      if (const auto status = askAgent(state() / "run", {{"op", "status"}})) {
        last = *status;
        if (condition(last)) return last;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "in vain: " << dumpJson(last);
    return last;
  }

  static pid_t waitForChild(pid_t parent) {
    const auto thread = "/proc/" + std::to_string(parent) + "/task";
    for (int i = 0; i < 1000; ++i) {
      std::error_code error;
      for (const auto& task : std::filesystem::directory_iterator(thread, error)) {
        pid_t child = 0;
        if (std::ifstream(task.path() / "children") >> child) return child;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return 0;
  }
  static bool gone(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
      const auto stat = platform::readFile("/proc/" + std::to_string(pid) + "/stat", 4096);
      if (!stat || stat->find(") Z ") != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::filesystem::path folder_;
};

// Every plugin has run, and that it did is on the disk.
bool scanned(const Json& status) {
  for (const auto& plugin : status["plugins"]) {
    if (plugin["last_scan"].is_null() || plugin["next_scan_at"].is_null()) return false;
  }
  return !status["plugins"].empty();
}

TEST_F(Program, scans_without_server_configuration_or_agent) {
  configure("version: 1\nplugins:\n" + plugin("test.good"));
  const auto ended = run({"--config", configFile().string(), "scan", "test.good", "--format", "json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  const auto json = parseJson(ended.out);
  ASSERT_TRUE(json) << json.error().text;
  const Json& scan = (*json)["scans"][0];
  EXPECT_EQ(scan["plugin"], "test.good");
  EXPECT_EQ(scan["status"], "ok");
  EXPECT_EQ(scan["complete"], true);
  EXPECT_EQ(scan["records"][0]["scope"], "main");
  const auto text = run({"--config", configFile().string(), "scan"});
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("nginx"));
}

TEST_F(Program, ends_with_4_when_a_scan_is_incomplete_and_with_2_for_a_plugin_that_is_not_there) {
  configure("version: 1\nplugins:\n" + plugin("test.crasher"));
  EXPECT_EQ(run({"--config", configFile().string(), "scan"}).code, 4);
  EXPECT_EQ(run({"scan", "test.good"}).code, 4);  // a third party's library that nobody pinned
  const auto unknown = run({"scan", "nothing"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there are:"));
}

TEST_F(Program, checks_a_configuration_and_names_the_line) {
  configure("version: 1\nmod: act\n");
  const auto bad = run({"config", "check", configFile().string()});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("agent.yaml:2:1: mod: unknown key; did you mean mode?"));
  const auto json =
      parseJson(run({"--config", configFile().string(), "config", "check", "--format", "json"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["problems"][0]["line"], 2);
  configure("version: 1\nplugins:\n  test.good: {settings: {x: 1}}\n");
  EXPECT_THAT(run({"config", "check", configFile().string()}).err,
              HasSubstr("plugins.test.good.settings.x: unknown key"));
  configure("version: 1\nmode: act\n");
  EXPECT_EQ(run({"config", "check", configFile().string()}).code, 0);
  EXPECT_THAT(run({"--config", configFile().string(), "config", "show", "--effective"}).out,
              HasSubstr("agent.yaml:2"));
}

TEST_F(Program, refuses_wrong_usage_with_2) {
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"scan", "--purpose", "fun"}).code, 2);
  EXPECT_EQ(run({"--config", "/nonexistent.yaml", "scan"}).code, 2);
  EXPECT_EQ(run({"status"}).code, 1);
  EXPECT_EQ(run({"version"}).code, 0);
  // Options of the program may stand behind the command as well.
  EXPECT_EQ(run({"version", "--log-level", "debug"}).code, 0);
  EXPECT_EQ(run({"policy", "test", "apt/install", "x", "--at", ""}).code, 2);
}

TEST_F(Program, runs_scans_and_stops_without_leaving_anything) {
  configure("version: 1\nplugins:\n" + plugin("test.good") + plugin("test.crasher"));
  auto agent = start({"--config", configFile().string(), "run"});
  ASSERT_TRUE(agent) << agent.error().text;
  const Json status = waitFor(scanned);
  EXPECT_EQ(status["isolation"], "weak");
  EXPECT_EQ(status["plugins"][0]["id"], "test.crasher");
  EXPECT_EQ(status["plugins"][0]["breaker"]["state"], "open");
  EXPECT_EQ(status["plugins"][0]["breaker"]["class"], "crash");
  EXPECT_EQ(status["plugins"][1]["last_scan"]["complete"], true);
  EXPECT_EQ(status["first_scan_acknowledged"], false);  // nobody to acknowledge it

  // The agent's own stdout and stderr are in use: ask through the socket what the commands ask.
  EXPECT_TRUE(askAgent(state() / "run", {{"op", "reset"}, {"plugin", "test.crasher"}}));
  EXPECT_FALSE(askAgent(state() / "run", {{"op", "reset"}, {"plugin", "nothing"}}));
  EXPECT_FALSE(askAgent(state() / "run", {{"op", "format"}}));
  waitFor([](const Json& s) { return s["plugins"][0]["breaker"]["state"] == "closed"; });

  ::kill(static_cast<pid_t>(agent->pid()), SIGTERM);
  const auto end = agent->wait(15 * kSecondNs);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->exited);
  EXPECT_EQ(end->code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(state() / "run"));
}

TEST_F(Program, keeps_the_last_good_configuration_when_it_is_told_to_read_a_bad_one) {
  configure("version: 1\nplugins:\n" + plugin("test.good"));
  auto agent = start({"--config", configFile().string(), "run"});
  ASSERT_TRUE(agent);
  waitFor(scanned);
  configure("version: 1\nplugins: 7\n");
  ::kill(static_cast<pid_t>(agent->pid()), SIGHUP);
  const Json bad = waitFor([](const Json& s) { return s["config"]["state"] == "invalid"; });
  EXPECT_EQ(bad["plugins"].size(), 1U);
  EXPECT_THAT(bad["config"]["text"].get<std::string>(), HasSubstr("agent.yaml:2"));
  configure("version: 1\nplugins:\n" + plugin("test.good") + plugin("test.crasher"));
  ::kill(static_cast<pid_t>(agent->pid()), SIGHUP);
  const Json good = waitFor([](const Json& s) { return s["plugins"].size() == 2; });
  EXPECT_EQ(good["config"]["state"], "ok");
}

TEST_F(Program, refuses_a_second_agent_on_the_same_state) {
  configure("version: 1\n");
  auto agent = start({"--config", configFile().string(), "run"});
  ASSERT_TRUE(agent);
  waitFor([](const Json& s) { return s.contains("version"); });
  const auto second = run({"--config", configFile().string(), "run"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("already running as process " + std::to_string(agent->pid())));
}

TEST_F(Program, leaves_no_process_of_a_scan_that_it_is_stopped_or_killed_in) {
  configure("version: 1\nplugins:\n" + plugin("test.hanger"));
  for (const int signal : {SIGTERM, SIGKILL}) {
    auto agent = start({"--config", configFile().string(), "run"});
    ASSERT_TRUE(agent);
    const auto host = waitForChild(static_cast<pid_t>(agent->pid()));
    ASSERT_GT(host, 0);
    ::kill(static_cast<pid_t>(agent->pid()), signal);
    const auto end = agent->wait(15 * kSecondNs);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->exited, signal == SIGTERM);
    EXPECT_TRUE(gone(host)) << "after signal " << signal;
  }
  // Stopping on purpose is nobody's fault; being killed while a plugin ran is taken for the plugin's.
  auto again = start({"--config", configFile().string(), "run"});
  ASSERT_TRUE(again);
  const Json status = waitFor([](const Json& s) { return s["plugins"][0]["breaker"]["state"] == "open"; });
  EXPECT_EQ(status["plugins"][0]["breaker"]["class"], "crash");
  EXPECT_EQ(status["plugins"][0]["breaker"]["code"], "breaker.agent_ended_during_run");
}

TEST_F(Program, keeps_a_finished_scan_and_the_breaker_when_it_is_killed) {
  configure("version: 1\nplugins:\n" + plugin("test.good") + plugin("test.crasher"));
  {
    auto agent = start({"--config", configFile().string(), "run"});
    ASSERT_TRUE(agent);
    waitFor(scanned);
    agent->killGroup();
    ASSERT_TRUE(agent->wait(5 * kSecondNs));
  }
  auto again = start({"--config", configFile().string(), "run"});
  ASSERT_TRUE(again);
  const Json status = waitFor([](const Json& s) { return s.contains("version"); });
  EXPECT_EQ(status["plugins"][0]["breaker"]["state"], "open");
  EXPECT_GE(status["spool"]["items"].get<int>(), 3);
  EXPECT_FALSE(status["plugins"][1]["next_scan_at"].is_null());
  EXPECT_TRUE(status["plugins"][1]["last_scan"].is_null());  // it was not scanned again
}

}  // namespace
}  // namespace redflag::kernel
