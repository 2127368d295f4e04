// The broker as it is installed, with a user of the hosts' own. Needs root, as the broker does.
#include <gmock/gmock.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>

#include "../../support/cannot_run.h"
#include "base/time.h"
#include "broker/broker_starter.h"
#include "broker/brokered_marks.h"
#include "broker/messages.h"
#include "local/channel.h"
#include "platform/files.h"
#include "platform/run_group.h"
#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class BrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) REDFLAG_CANNOT_RUN << "only root can become another user";
    nobody = ::getpwnam("nobody")->pw_uid;
    fs::permissions(folder.path(), fs::perms(0755));
    write("hostile: {" + pinned() + ", limits: {time: 20s}}");
    start();
  }

  void TearDown() override {
    if (broker) stop();
    static_cast<void>(platform::RunGroups::open(folder.path() / "state"));  // removes it
  }

  void write(const std::string& plugins, const std::string& more = "isolation: require\n") const {
    std::ofstream(config()) << "version: 1\n" << more << "plugins:\n  " << plugins << "\n";
    ::chmod(config().c_str(), 0644);
  }
  static std::string pinned() {
    return "sha256: " + host::loadManifest(REDFLAG_BUILD "/selftest", "hostile").value().sha256;
  }
  fs::path config() const { return folder.path() / "agent.yaml"; }
  fs::path socket() const { return folder.path() / "broker.sock"; }

  platform::SpawnOptions options(const std::string& scan_user = "nobody") const {
    platform::SpawnOptions out;
    out.program = REDFLAG_BUILD "/bin/redflag-broker";
    out.arguments = {"--config",      config(),
                     "--state",       folder.path() / "state",
                     "--plugins",     REDFLAG_BUILD "/selftest",
                     "--socket",      socket(),
                     "--scan-user",   scan_user,
                     "--kernel-user", "0",
                     "--scratch",     folder.path() / "scratch"};
    out.no_new_privileges = false;
    return out;
  }
  void start() {
    broker.emplace(platform::Process::spawn(options()).value());
    for (int i = 0; i < 500 && !platform::LocalStream::connect(socket()); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  void stop() {
    ::kill(static_cast<pid_t>(broker->pid()), SIGTERM);
    broker->wait(10 * kSecondNs);
    broker.reset();
  }

  RunRequest request(const std::string& act, const std::string& target = "") const {
    RunRequest out;
    out.manifest = host::loadManifest(REDFLAG_BUILD "/selftest", "hostile").value();
    out.interface_id = kScannerInterface;
    out.operation = "scan";
    out.settings = {{"act", act}, {"target", target}};
    out.limits = defaultConfig().limits;
    return out;
  }
  RunOutcome run(const RunRequest& what) const {
    return Supervisor(std::make_shared<BrokerStarter>(socket()), kSecondNs / 2).run(what);
  }
  // The processes that it started, of each of its threads.
  std::string children() const {
    std::string all;
    for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(broker->pid()) + "/task")) {
      std::string line;
      std::getline(std::ifstream(thread.path() / "children"), line);
      all += line;
    }
    return all;
  }
  void awaitHost() const {
    for (int i = 0; i < 6000 && children().empty(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  static Json fact(const RunOutcome& outcome) {
    return outcome.records.size() == 1 ? Json::parse(outcome.records[0]).at("value") : Json(outcome.status);
  }
  // Of each of its threads.
  std::vector<std::string> statusOfBroker(const std::string& field) const {
    std::vector<std::string> found;
    for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(broker->pid()) + "/task")) {
      std::ifstream in(thread.path() / "status");
      for (std::string line; std::getline(in, line);)
        if (line.starts_with(field)) found.push_back(line.substr(line.find('\t') + 1));
    }
    return found;
  }
  std::string refusal(const Json& message) const {
    auto stream = platform::LocalStream::connect(socket()).value();
    EXPECT_TRUE(sendMessage(stream, message, kSecondNs));
    const auto answer = receiveMessage(stream, kMaxBrokerAnswer, 10 * kSecondNs);
    if (!answer || !*answer) return "cut off";
    return (**answer).contains("refused") ? (**answer)["refused"].at("text").get<std::string>()
                                          : dumpJson(**answer);
  }

  test::TemporaryFolder folder;
  uid_t nobody = 0;
  std::optional<platform::Process> broker;
};

TEST_F(BrokerTest, takes_the_fingerprint_of_the_machine_and_tells_nothing_but_salted_hashes) {
  const std::string salt(kMarkSaltBytes, 's');
  const auto told = brokeredMarks(socket())(salt);
  ASSERT_TRUE(told) << told.error().text;
  const auto own = ownMarks()(salt).value();  // this test is root, too
  ASSERT_EQ(told->size(), own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_EQ((*told)[i].source, own[i].source);
    EXPECT_EQ((*told)[i].hash, own[i].hash);
  }
  EXPECT_EQ(refusal({{"op", "fingerprint"}, {"salt", "abcd"}}), "cut off");
  EXPECT_EQ(refusal({{"op", "fingerprint"}}), "cut off");
  EXPECT_EQ(brokeredMarks(socket().string() + "-gone")(salt).error().code, Code::kUnavailable);
}

TEST_F(BrokerTest, runs_plugins_as_a_user_without_rights_behind_all_walls) {
  const auto outcome = run(request("user"));
  EXPECT_EQ(outcome.status, "ok") << outcome.end().text;
  EXPECT_EQ(fact(outcome), static_cast<int>(nobody));
  for (const auto& [name, standing] : outcome.walls)
    EXPECT_TRUE(standing) << name;
  EXPECT_EQ(outcome.walls.size(), host::possibleWalls().size());
}

TEST_F(BrokerTest, keeps_no_right_but_those_of_changing_users_and_looking_into_processes) {
  // CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SYS_PTRACE.
  for (const char* set : {"CapEff", "CapPrm", "CapBnd"})
    EXPECT_THAT(statusOfBroker(set),
                testing::AllOf(testing::SizeIs(testing::Ge(2U)), testing::Each("00000000000800e0")))
        << set;
}

TEST_F(BrokerTest, gives_a_plugin_what_roots_yaml_says_whatever_the_kernel_asks_for) {
  const auto target = folder.path() / "target";
  std::ofstream(target) << "x";
  ::chmod(target.c_str(), 0644);
  auto greedy = request("read", target);
  greedy.capabilities = {"read:/"};
  greedy.seal = host::Seal::kNone;
  greedy.manifest.library = "/usr/lib/other.so";
  EXPECT_EQ(fact(run(greedy)), EACCES);

  write("hostile: {" + pinned() + ", capabilities: [\"read:" + folder.path().string() + "\"]}");
  EXPECT_EQ(fact(run(request("read", target))), 0);
}

TEST_F(BrokerTest, starts_only_what_roots_yaml_names) {
  EXPECT_THAT(refusal({{"op", "start"}, {"plugin", "apt"}}), HasSubstr("apt is not enabled in"));
  EXPECT_THAT(refusal({{"op", "start"}, {"plugin", "../hostile"}}), HasSubstr("no plugin's id"));
  EXPECT_EQ(refusal({{"op", "start"}, {"plugin", "hostile"}, {"library", "/tmp/x.so"}}), "cut off");
  EXPECT_EQ(refusal({{"op", "shell"}}), "cut off");
  EXPECT_THAT(refusal({{"op", "status"}}), HasSubstr("\"hosts\":0"));
}

TEST_F(BrokerTest, goes_on_with_the_last_good_configuration_and_trusts_no_other_writer) {
  std::ofstream(config()) << "version: 2\n";
  EXPECT_EQ(run(request("user")).status, "ok");
  write("hostile: {" + pinned() + "}");
  ::chmod(config().c_str(), 0666);
  const auto outcome = run(request("user"));
  EXPECT_EQ(outcome.status, "transient");
  EXPECT_EQ(outcome.run_class, RunClass::kNeutral);
  EXPECT_THAT(outcome.end().text, HasSubstr("agent.yaml"));
}

TEST_F(BrokerTest, listens_to_the_kernels_user_alone) {
  ::chmod(socket().c_str(), 0666);
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    if (::setuid(nobody) != 0) ::_exit(2);
    auto stream = platform::LocalStream::connect(socket());
    if (!stream) ::_exit(3);
    static_cast<void>(sendMessage(*stream, {{"op", "status"}}, kSecondNs));
    const auto answer = receiveMessage(*stream, kMaxBrokerAnswer, 5 * kSecondNs);
    ::_exit(answer && *answer ? 1 : 0);
  }
  int status = 0;
  ::waitpid(stranger, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(BrokerTest, runs_one_host_of_a_plugin_at_a_time) {
  auto hanging = request("hang");
  hanging.limits.time_ns = 5 * kSecondNs;
  auto first = std::async(std::launch::async, [&] { return run(hanging); });
  awaitHost();
  const auto second = run(request("user"));
  EXPECT_EQ(second.status, "transient");
  EXPECT_EQ(second.run_class, RunClass::kNeutral);
  EXPECT_THAT(second.end().text, HasSubstr("hostile runs already"));
  EXPECT_EQ(first.get().status, "hang");
  EXPECT_EQ(run(request("user")).status, "ok");
}

TEST_F(BrokerTest, ends_a_host_that_the_kernel_lets_run_far_beyond_its_time) {
  write("hostile: {" + pinned() + ", limits: {time: 1s}}");
  auto hanging = request("hang");
  hanging.limits.time_ns = 300 * kSecondNs;
  const auto outcome = run(hanging);
  EXPECT_LT(outcome.duration_ns, 60 * kSecondNs);
  EXPECT_NE(outcome.status, "ok");
}

TEST_F(BrokerTest, tells_crash_hang_and_flood_apart_and_leaves_nothing_running) {
  EXPECT_EQ(run(request("crash")).status, "crash");
  auto hanging = request("hang");
  hanging.limits.time_ns = kSecondNs / 2;
  EXPECT_EQ(run(hanging).status, "hang");
  auto flooding = request("flood");
  flooding.limits.records = 1000;
  EXPECT_EQ(run(flooding).status, "limit");
  EXPECT_EQ(run(request("daemon")).status, "ok");
  for (int i = 0; i < 1000 && !children().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(children(), "");
}

// What a run left behind, not counting what is dead and waits for its parent, if it is seen four times in a
// row: a relay that was ended takes a moment to be gone.
bool somethingRunsAs(uid_t user) {
  for (int seen = 0, looks = 0; looks < 60; ++looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    bool now = false;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
      struct stat info {};
      const auto name = it->path().filename().string();
      if (name.find_first_not_of("0123456789") == std::string::npos && ::stat(it->path().c_str(), &info) == 0)
        now = now || (info.st_uid == user && std::ifstream(it->path() / "cmdline").peek() != EOF);
    }
    seen = now ? seen + 1 : 0;
    if (seen == 4) return true;
  }
  return false;
}

TEST_F(BrokerTest, ends_a_relay_of_processes_of_which_each_is_gone_when_it_is_seen) {
  if (!platform::RunGroups::open(folder.path())) GTEST_SKIP() << "this system has no group for a run";
  ASSERT_FALSE(somethingRunsAs(nobody));
  EXPECT_EQ(run(request("relay")).status, "ok");
  EXPECT_FALSE(somethingRunsAs(nobody));
}

TEST_F(BrokerTest, ends_what_the_hosts_of_one_that_was_killed_left) {
  if (!platform::RunGroups::open(folder.path())) GTEST_SKIP() << "this system has no group for a run";
  auto hanging = request("daemon_and_hang");
  hanging.limits.time_ns = 5 * kSecondNs;  // what the daemon holds open is waited for as long
  auto outside = std::async(std::launch::async, [&] { return run(hanging); });
  bool runs = false;
  for (int i = 0; i < 20 && !runs; ++i)
    runs = somethingRunsAs(nobody);
  ASSERT_TRUE(runs);
  ::kill(static_cast<pid_t>(broker->pid()), SIGKILL);
  outside.get();
  broker.reset();
  start();
  EXPECT_FALSE(somethingRunsAs(nobody));
}

TEST_F(BrokerTest, takes_its_hosts_with_it_and_nobody_blames_the_plugin) {
  auto hanging = std::async(std::launch::async, [&] { return run(request("hang")); });
  awaitHost();
  ::kill(static_cast<pid_t>(broker->pid()), SIGKILL);
  const auto outcome = hanging.get();
  EXPECT_EQ(outcome.status, "transient");
  EXPECT_EQ(outcome.run_class, RunClass::kNeutral);
  broker.reset();
  EXPECT_THAT(run(request("user")).end().text, HasSubstr("the broker cannot be reached"));
  start();
  EXPECT_EQ(run(request("user")).status, "ok");
}

// The process's rights, as the system shows them.
std::uint64_t rightsOf(std::int64_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("CapPrm:")) return std::stoull(line.substr(7), nullptr, 16);
  return 0;
}

TEST_F(BrokerTest, keeps_the_right_to_ask_disks_only_where_root_wrote_it_down) {
  constexpr std::uint64_t kRawIo = 1U << 17U;
  constexpr std::uint64_t kSystemAdministration = 1U << 21U;
  EXPECT_EQ(rightsOf(broker->pid()) & (kRawIo | kSystemAdministration), 0U);
  stop();
  const auto ours = rightsOf(::getpid());
  write("storage: {settings: {smart: false}}");
  start();
  EXPECT_EQ(rightsOf(broker->pid()) & (kRawIo | kSystemAdministration), 0U);
  stop();
  write("storage: {settings: {smart: true}}");
  start();
  EXPECT_EQ(rightsOf(broker->pid()) & (kRawIo | kSystemAdministration),
            ours & (kRawIo | kSystemAdministration));
}

TEST_F(BrokerTest, does_not_start_with_users_that_would_be_no_wall) {
  stop();
  for (const char* user : {"root", "nobody-of-that-name"}) {
    auto refused = platform::Process::spawn(options(user)).value();
    const auto exit = refused.wait(10 * kSecondNs);
    ASSERT_TRUE(exit && exit->exited) << user;
    EXPECT_EQ(exit->code, 2) << user;
  }
}

}  // namespace
}  // namespace redflag::kernel
