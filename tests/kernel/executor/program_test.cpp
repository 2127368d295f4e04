// The program as it is installed: redflag-executor with a YAML file, reached through the kernel's client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include "base/encoding.h"
#include "command_repository.h"
#include "executor/executor_client.h"
#include "executor/not_started.h"
#include "executor/yaml_rules.h"
#include "platform/local_socket.h"
#include "platform/process.h"
#include "platform/run_group.h"
#include "redflag/draft/updater.h"
#include "support.h"

namespace redflag::kernel::test {
namespace {

using testing::HasSubstr;

class Program : public testing::Test {
 protected:
  Program() {
    EXPECT_TRUE(initCrypto().has_value());
    std::filesystem::create_directory(machine.path() / "packages");
    EXPECT_TRUE(saveExecutorTrust(state(), server.trust()).has_value());
    CommandTrust pinned(ListedOrderKeys::trustFolder(state()), systemClock());
    const Json files = trust.files();
    HandedFiles handed(files, HandedFiles::Part::kMetadata);
    EXPECT_TRUE(pinned.begin(trust.pinned(), handed).has_value());
    writeConfig("act");
  }
  std::filesystem::path state() const { return folder.path() / "state"; }
  std::filesystem::path socket() const { return folder.path() / "executor.sock"; }
  std::filesystem::path config() const { return folder.path() / "agent.yaml"; }

  void writeConfig(const std::string& mode, const std::string& more = "") const {
    std::ofstream(config()) << "version: 1\nmode: " << mode
                            << "\nplugins:\n  test.updater:\n    settings: {folder: \""
                            << machine.path().string()
                            << "\"}\n    capabilities: [\"read:" << machine.path().string()
                            << "\"]\n    sha256: "
                            << toHex(sha256(readAll(REDFLAG_BUILD "/test_plugins/test.updater.so")))
                            << "\npolicy:\n  allow:\n"
                               "    - {action: test.updater/install, packages: [\"*\"], when: always}\n"
                            << more;
  }

  platform::SpawnOptions options(const std::filesystem::path& plugins = REDFLAG_BUILD "/test_plugins") const {
    platform::SpawnOptions out;
    out.program = REDFLAG_BUILD "/bin/redflag-executor";
    out.arguments = {"--config", config(),   "--state", state(),        "--plugins",
                     plugins,    "--socket", socket(),  "--kernel-uid", std::to_string(kernel_uid)};
    return out;
  }
  // Its exit code when it does not want to start.
  int refusal(const platform::SpawnOptions& how) const {
    auto process = platform::Process::spawn(how).value();
    const auto exit = process.wait(10 * kSecondNs);
    return exit && exit->exited ? exit->code : -1;
  }
  void start() {
    executor.emplace(platform::Process::spawn(options()).value());
    ASSERT_TRUE(eventually([this] { return client().status().has_value(); }));
  }
  void killExecutor() {
    kill(static_cast<pid_t>(executor->pid()), SIGKILL);
    executor->wait(10 * kSecondNs);
    executor->release();
    executor.reset();
  }
  ExecutorClient client() const { return ExecutorClient(socket()); }
  Result<OrderEvent> submit(const protocol::Envelope& envelope) const {
    return client().submit(server.seal(envelope), trust.files());
  }
  protocol::Envelope order() const { return server.order(epochNow()); }
  std::string log() const { return readAll(machine.path() / "log"); }

  std::uint32_t kernel_uid = geteuid();
  TestFolder machine;
  TestFolder folder;
  Server server;
  CommandRepository trust{server.key.publicKey()};
  std::optional<platform::Process> executor;
};

// Collects what an attached client is told.
class Listener {
 public:
  explicit Listener(const std::filesystem::path& socket) : client_(socket) {
    client_.attach([this](const OrderEvent& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      return true;
    });
  }
  // Each once: who attaches in the moment of a result is told of it as what is and as what happens.
  std::vector<OrderEvent> results() const {
    const std::lock_guard lock(mutex_);
    std::vector<OrderEvent> out;
    for (const OrderEvent& event : events_) {
      if (event.event == "result" && !has(out, event.id)) out.push_back(event);
    }
    return out;
  }

 private:
  static bool has(const std::vector<OrderEvent>& results, const std::string& id) {
    return std::any_of(results.begin(), results.end(), [&](const OrderEvent& one) { return one.id == id; });
  }

  mutable std::mutex mutex_;
  std::vector<OrderEvent> events_;
  ExecutorClient client_;
};

TEST_F(Program, installs_and_tells_the_result_until_it_is_acknowledged) {
  start();
  const auto envelope = order();
  EXPECT_EQ(submit(envelope)->event, "accepted");
  std::string id;
  {
    const Listener listener(socket());
    ASSERT_TRUE(eventually([&] { return listener.results().size() == 1; }));
    EXPECT_EQ(listener.results()[0].state, "succeeded");
    id = listener.results()[0].id;
  }
  const Listener again(socket());
  ASSERT_TRUE(eventually([&] { return again.results().size() == 1; }));
  EXPECT_EQ(again.results()[0].id, id);
  EXPECT_TRUE(client().ack(envelope.command_id).has_value());
  EXPECT_EQ(submit(envelope)->id, id);
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Program, tells_a_result_again_that_the_kernel_could_not_keep) {
  start();
  std::atomic<int> told = 0;
  ExecutorClient kernel(socket());
  kernel.attach([&told](const OrderEvent& event) { return event.event != "result" || ++told > 2; });
  EXPECT_EQ(submit(order())->event, "accepted");
  EXPECT_TRUE(eventually([&told] { return told == 3; }));
}

TEST_F(Program, killed_during_an_install_takes_it_up_again_and_tells_one_result) {
  const auto hold = machine.path() / "hold";
  std::ofstream(hold) << "";
  start();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return log() == "install begins\n"; }));
  const Listener listener(socket());
  killExecutor();
  start();
  EXPECT_EQ(submit(envelope)->event, "running");
  std::filesystem::remove(hold);
  ASSERT_TRUE(eventually([&] { return listener.results().size() == 1; }));
  EXPECT_EQ(listener.results()[0].state, "succeeded");
  EXPECT_EQ(log(), "install begins\ninstalled nginx\n");
}

TEST_F(Program, tells_the_truth_about_an_install_that_died_with_it) {
  std::ofstream(machine.path() / "hold") << "";
  start();
  const auto envelope = order();
  submit(envelope);
  ASSERT_TRUE(eventually([this] { return log() == "install begins\n"; }));
  const auto host =
      Journal::open(state() / "journal.sqlite", false).value()->find(envelope.command_id).value()->host;
  killExecutor();
  kill(static_cast<pid_t>(host.pid), SIGKILL);
  start();
  const Listener listener(socket());
  ASSERT_TRUE(eventually([&] { return listener.results().size() == 1; }));
  EXPECT_EQ(listener.results()[0].code, "install.crashed");
  EXPECT_EQ(log(), "install begins\nrepaired\n");
}

TEST_F(Program, ends_what_the_plan_of_one_that_was_killed_left) {
  if (!platform::RunGroups::open(folder.path())) GTEST_SKIP() << "this system has no group for a plan";
  for (const auto* name : {"slow", "stray"})
    std::ofstream(machine.path() / name) << "";
  start();
  const auto envelope = order();
  submit(envelope);
  pid_t stray = 0;
  const auto left = [&] {
    const std::string frames = readAll(state() / "runs" / envelope.command_id / "plan.frames");
    const auto at = frames.find("left ");
    if (at != std::string::npos) stray = std::atoi(frames.c_str() + at + 5);
    return stray > 1;
  };
  ASSERT_TRUE(eventually(left));
  killExecutor();
  EXPECT_TRUE(markOf(stray).has_value()) << "it left its session, and nobody has ended it so far";
  for (const auto* name : {"slow", "stray"})
    std::filesystem::remove(machine.path() / name);
  start();
  EXPECT_FALSE(markOf(stray).has_value());
  const Listener listener(socket());
  ASSERT_TRUE(eventually([&] { return listener.results().size() == 1; }));
  EXPECT_EQ(listener.results()[0].state, "succeeded");
}

TEST_F(Program, refuses_every_order_until_a_bad_configuration_is_mended) {
  start();
  writeConfig("act", "  denny: []\n");
  const auto refused = submit(order());
  EXPECT_EQ(refused->event, "refused");
  EXPECT_EQ(refused->code, "policy");
  EXPECT_THAT(refused->text, HasSubstr("agent.yaml:"));
  writeConfig("report");
  EXPECT_EQ(submit(order())->code, "mode_report");
  writeConfig("act");
  EXPECT_EQ(submit(order())->event, "accepted");
}

TEST_F(Program, does_not_start_in_report_mode) {
  writeConfig("report");
  EXPECT_EQ(refusal(options()), 3);
}

TEST_F(Program, does_not_start_where_others_can_write) {
  namespace fs = std::filesystem;
  const auto plugins = folder.path() / "plugins";
  fs::create_directory(plugins);
  for (const auto& place : {config(), state(), plugins, folder.path()}) {
    fs::permissions(place, fs::perms::others_write, fs::perm_options::add);
    EXPECT_EQ(refusal(options(plugins)), 3) << place;
    fs::permissions(place, fs::perms::others_write, fs::perm_options::remove);
  }
}

TEST_F(Program, does_not_start_twice_on_one_state) {
  start();
  EXPECT_EQ(refusal(options()), 1);
  EXPECT_EQ(whyNotStarted(socket()), "") << "one runs";
}

TEST_F(Program, leaves_the_reason_why_it_does_not_start_to_the_kernel) {
  namespace fs = std::filesystem;
  fs::permissions(config(), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(refusal(options()), 3);
  std::mutex mutex;
  std::vector<OrderEvent> told;
  {
    ExecutorClient kernel(socket(), kSecondNs / 2);
    kernel.attach([&](const OrderEvent& event) {
      const std::lock_guard lock(mutex);
      told.push_back(event);
      return true;
    });
    ASSERT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return !told.empty();
    }));
  }
  EXPECT_EQ(told[0].event, "error");
  EXPECT_EQ(told[0].code, "executor.unreachable");
  EXPECT_THAT(told[0].text, HasSubstr("agent.yaml: others than its owner can write it"));
  EXPECT_EQ(told.size(), 1U) << "not at each attempt";
  fs::permissions(config(), fs::perms::others_write, fs::perm_options::remove);
  start();
  EXPECT_EQ(whyNotStarted(socket()), "");
}

TEST_F(Program, plans_within_limits_that_a_flood_of_processes_meets) {
  const auto rules = YamlRules(config(), REDFLAG_BUILD "/test_plugins").read();
  ASSERT_TRUE(rules) << rules.error().text;
  const auto setup = (*rules)->plugin("test.updater", RF_UPDATER_1);
  ASSERT_TRUE(setup) << setup.error().text;
  EXPECT_GT(setup->limits.processes, 0U);
}

TEST_F(Program, listens_to_the_kernels_user_alone) {
  kernel_uid = geteuid() + 1;
  auto process = platform::Process::spawn(options()).value();
  ASSERT_TRUE(eventually([this] { return std::filesystem::exists(socket()); }));
  const auto answer = client().submit(server.seal(order()), trust.files());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(state() / "journal.sqlite"));
}

TEST_F(Program, cuts_off_whoever_breaks_the_protocol_and_serves_the_others) {
  start();
  const std::string too_long = std::string("\xFF\xFF\xFF\x7F", 4) + "{}";
  const std::string not_json = std::string("\x02\0\0\0", 4) + "{]";
  const std::string no_object = std::string("\x02\0\0\0", 4) + "[]";
  std::vector<Json> told;
  for (const std::string& bytes : {too_long, not_json, no_object}) {
    auto stream = platform::LocalStream::connect(socket());
    ASSERT_TRUE(stream.has_value());
    ASSERT_EQ(send(stream->descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    const auto answer = stream->receive(1024, 10 * kSecondNs);
    EXPECT_TRUE(!answer || !*answer);
  }
  EXPECT_EQ(client().status()->at("rejected_connections"), 3);
  EXPECT_EQ(submit(order())->event, "accepted");
}

TEST_F(Program, is_reported_as_unavailable_when_it_is_not_there) {
  EXPECT_EQ(client().status().error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace redflag::kernel::test
