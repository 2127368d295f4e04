#include "platform/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "base/time.h"
#include "platform/descriptor.h"
#include "platform/orphans.h"

namespace redflag::platform {
namespace {

using testing::HasSubstr;
using testing::Not;

SpawnOptions probe(const std::string& what) {
  SpawnOptions options;
  options.program = REDFLAG_BUILD "/tests/process_probe";
  options.arguments = {what};
  return options;
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
  }
  std::string all() {
    write.reset();
    std::string text;
    char chunk[4096];
    for (ssize_t got = 0; (got = ::read(read.get(), chunk, sizeof chunk)) > 0;) {
      text.append(chunk, static_cast<std::size_t>(got));
    }
    return text;
  }
  pid_t number() {
    char chunk[32] = {};
    return ::read(read.get(), chunk, sizeof chunk - 1) > 0 ? static_cast<pid_t>(std::stol(chunk)) : -1;
  }
  Descriptor read;
  Descriptor write;
};

std::string tell(SpawnOptions options) {
  Pipe pipe;
  options.descriptors = {{5, pipe.write.get()}};
  auto process = Process::spawn(options);
  if (!process) return process.error().text;
  std::string text = pipe.all();
  EXPECT_TRUE(process->wait(5 * kSecondNs).has_value());
  return text;
}

bool gone(pid_t pid) {
  for (int i = 0; i < 500; ++i) {
    if (::kill(pid, 0) != 0) return true;
    // A killed orphan may stay as a zombie until its new parent looks.
    std::string stat(512, '\0');
    const Descriptor fd(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY));
    const ssize_t got = ::read(fd.get(), stat.data(), stat.size());
    if (got <= 0 || stat.find(") Z ") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

TEST(Process, builds_the_environment_and_inherits_nothing) {
  ::setenv("REDFLAG_TEST_SECRET", "x", 1);
  auto options = probe("tell");
  options.environment = {"LC_ALL=C.UTF-8"};
  const std::string text = tell(options);
  EXPECT_THAT(text, HasSubstr("env LC_ALL=C.UTF-8\n"));
  EXPECT_THAT(text, Not(HasSubstr("REDFLAG_TEST_SECRET")));
}

TEST(Process, closes_every_descriptor_that_was_not_named) {
  const Descriptor low(::open("/dev/null", O_RDONLY));
  const Descriptor high(::fcntl(low.get(), F_DUPFD, 200));
  const std::string text = tell(probe("tell"));
  EXPECT_THAT(text, HasSubstr("fd 0\nfd 1\nfd 2\nfd 5\nfiles"));
}

TEST(Process, hands_over_descriptors_whose_numbers_cross) {
  Pipe a;
  Pipe b;
  auto options = probe("tell");
  options.descriptors = {{a.write.get(), b.write.get()}, {b.write.get(), a.write.get()}, {5, a.write.get()}};
  auto process = Process::spawn(options);
  ASSERT_TRUE(process) << process.error().text;
  EXPECT_THAT(a.all(), HasSubstr("fd 5\n"));
}

TEST(Process, applies_limits_and_forbids_new_privileges) {
  auto options = probe("tell");
  options.limits.open_files = 64;
  const std::string text = tell(options);
  EXPECT_THAT(text, HasSubstr("files 64\n"));
  EXPECT_THAT(text, HasSubstr("core 0\n"));
  EXPECT_THAT(text, HasSubstr("no_new_privs 1\n"));
}

TEST(Process, makes_the_child_the_leader_of_its_group_with_no_signal_blocked) {
  const std::string text = tell(probe("tell"));
  EXPECT_THAT(text, HasSubstr("leader yes\nsession inherited\nsigterm free\n"));
  auto options = probe("tell");
  options.new_session = true;
  EXPECT_THAT(tell(options), HasSubstr("session own\n"));
}

TEST(Process, says_why_a_program_cannot_be_started) {
  SpawnOptions options;
  options.program = "/nonexistent/program";
  auto process = Process::spawn(options);
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, Code::kIo);
  EXPECT_EQ(process.error().text, "exec /nonexistent/program: No such file or directory");
}

TEST(Process, answers_the_exit_code_and_keeps_answering_it) {
  auto process = Process::spawn(probe("exit"));
  ASSERT_TRUE(process);
  for (int i = 0; i < 2; ++i) {
    const auto state = process->wait(5 * kSecondNs);
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->exited);
    EXPECT_EQ(state->code, 7);
  }
}

TEST(Process, waits_no_longer_than_asked) {
  Pipe pipe;
  auto options = probe("hang");
  options.descriptors = {{5, pipe.write.get()}};
  auto process = Process::spawn(options);
  ASSERT_TRUE(process);
  const auto before = monotonicNow();
  EXPECT_FALSE(process->wait(20'000'000));
  EXPECT_LT(monotonicNow() - before, kSecondNs);
}

TEST(Process, kills_the_whole_group) {
  Pipe pipe;
  auto options = probe("hang");
  options.descriptors = {{5, pipe.write.get()}};
  auto process = Process::spawn(options);
  ASSERT_TRUE(process);
  const pid_t grandchild = pipe.number();
  ASSERT_GT(grandchild, 0);
  process->killGroup();
  const auto state = process->wait(5 * kSecondNs);
  ASSERT_TRUE(state);
  EXPECT_FALSE(state->exited);
  EXPECT_EQ(state->signal, SIGKILL);
  EXPECT_TRUE(gone(grandchild));
}

TEST(Process, kills_what_an_ended_leader_left_behind) {
  Pipe pipe;
  pid_t grandchild = -1;
  {
    auto options = probe("leave");
    options.descriptors = {{5, pipe.write.get()}};
    auto process = Process::spawn(options);
    ASSERT_TRUE(process);
    grandchild = pipe.number();
    ASSERT_TRUE(process->wait(5 * kSecondNs));
    EXPECT_EQ(::kill(grandchild, 0), 0);
  }
  EXPECT_TRUE(gone(grandchild));
}

// Before the test from whose beginning on they are adopted for good.
TEST(Process, ends_what_stepped_out_of_its_session_for_as_long_as_orphans_are_adopted) {
  for (const bool adopted : {true, false}) {
    const auto adoption = adopted ? std::make_unique<OrphanAdoption>() : nullptr;
    Pipe pipe;
    pid_t daemon = -1;
    {
      auto options = probe("daemon");
      options.descriptors = {{5, pipe.write.get()}};
      auto process = Process::spawn(options);
      ASSERT_TRUE(process);
      daemon = pipe.number();
      ASSERT_GT(daemon, 0);
      ASSERT_TRUE(process->wait(5 * kSecondNs));
      EXPECT_EQ(::kill(daemon, 0), 0);
    }
    EXPECT_EQ(::kill(daemon, 0) != 0, adopted);
    if (!adopted) ::kill(daemon, SIGKILL);
  }
}

TEST(Process, ends_what_stepped_out_of_its_group_and_session_but_no_other_childs) {
  adoptOrphans();
  Pipe bystander_pipe;
  auto bystander_options = probe("daemon_and_hang");
  bystander_options.descriptors = {{5, bystander_pipe.write.get()}};
  auto bystander = Process::spawn(bystander_options);
  ASSERT_TRUE(bystander);
  const pid_t bystanders_daemon = bystander_pipe.number();
  for (const char* what : {"daemon", "daemon_and_hang"}) {
    Pipe pipe;
    pid_t daemon = -1;
    {
      auto options = probe(what);
      options.descriptors = {{5, pipe.write.get()}};
      auto process = Process::spawn(options);
      ASSERT_TRUE(process);
      daemon = pipe.number();
      ASSERT_GT(daemon, 0);
      process->wait(kSecondNs / 5);
      EXPECT_EQ(::kill(daemon, 0), 0);
    }
    EXPECT_NE(::kill(daemon, 0), 0) << what << ": it must be gone, and reaped, with its Process";
  }
  EXPECT_EQ(::kill(bystanders_daemon, 0), 0);
  EXPECT_FALSE(bystander->wait(0));
}

TEST(Process, ends_one_that_uses_up_its_cpu_time_with_a_signal_of_its_own) {
  auto options = probe("spin");
  options.limits.cpu_s = 1;
  auto process = Process::spawn(options);
  ASSERT_TRUE(process);
  const auto state = process->wait(20 * kSecondNs);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->signal, SIGXCPU);
}

#ifndef REDFLAG_SANITIZED
TEST(Process, refuses_memory_past_the_limit) {
  auto options = probe("eat");
  options.limits.memory_bytes = 64U << 20U;
  auto process = Process::spawn(options);
  ASSERT_TRUE(process);
  const auto state = process->wait(5 * kSecondNs);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->code, 12);
}
#endif

TEST(Process, lets_a_released_child_live_on) {
  Pipe pipe;
  pid_t leader = -1;
  pid_t grandchild = -1;
  {
    auto options = probe("hang");
    options.dies_with_parent = false;
    options.descriptors = {{5, pipe.write.get()}};
    auto process = Process::spawn(options);
    ASSERT_TRUE(process);
    leader = static_cast<pid_t>(process->pid());
    grandchild = pipe.number();
    process->release();
  }
  EXPECT_EQ(::kill(leader, 0), 0);
  EXPECT_EQ(::kill(grandchild, 0), 0);
  ::kill(-leader, SIGKILL);
  EXPECT_TRUE(gone(grandchild));
}

TEST(Process, dies_with_the_thread_that_started_it) {
  Pipe pipe;
  pid_t leader = -1;
  pid_t grandchild = -1;
  std::thread([&] {
    auto options = probe("hang");
    options.descriptors = {{5, pipe.write.get()}};
    auto process = Process::spawn(options);
    if (!process) return;
    leader = static_cast<pid_t>(process->pid());
    grandchild = pipe.number();
    process->release();
  }).join();
  ASSERT_GT(leader, 0);
  EXPECT_TRUE(gone(leader));
  ::kill(grandchild, SIGKILL);
}

}  // namespace
}  // namespace redflag::platform
