// The plugin that `redflag-agent selftest` runs: does what its settings say, {"act":"…","target":"…"}, and
// tells how far it got. Each harm is bounded and none lasts, should nobody stop it.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "redflag/sdk.hpp"

namespace {

constexpr int kForks = 60;
constexpr std::size_t kAllocated = 10ULL << 30U;
constexpr int kOpened = 100'000;
constexpr int kRelays = 32;
constexpr unsigned kLifeS = 120;
constexpr int kRecords = 10'000'000;

std::string member(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const auto start = json.find(key);
  if (start == std::string_view::npos) return {};
  const auto rest = json.substr(start + key.size());
  return std::string(rest.substr(0, rest.find('"')));
}

// Acts that a wall refuses: 0 where it worked, else errno. What worked is undone.

int closing(long fd) {
  if (fd < 0) return errno;
  ::close(static_cast<int>(fd));
  return 0;
}
int answer(long result) {
  return result < 0 ? errno : 0;
}

int execute(const std::string& target) {
  std::string program = target;
  std::vector<char*> argv{program.data(), nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), nullptr);
  if (error == 0) ::waitpid(child, nullptr, 0);
  return error;
}

int traceStarter() {
  if (::ptrace(PTRACE_SEIZE, ::getppid(), nullptr, nullptr) != 0) return errno;
  ::kill(::getppid(), SIGCONT);
  return 0;
}

int readStarter() {
  char byte = 0;
  iovec here{&byte, 1};
  iovec there{reinterpret_cast<void*>(&readStarter), 1};
  // EFAULT: it was let in, and nothing is at that address.
  const ssize_t got = ::process_vm_readv(::getppid(), &here, 1, &there, 1, 0);
  return got >= 0 || errno == EFAULT ? 0 : errno;
}

// Into a child's group, where whoever kills this one's does not find it.
int leaveGroup() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::usleep(200'000);
    ::_exit(0);
  }
  ::usleep(20'000);
  const int error = answer(::setpgid(0, child));
  ::waitpid(child, nullptr, 0);
  return error;
}

// It would still be there when every process of ours is gone.
int sharedMemory() {
  const int id = ::shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (id < 0) return errno;
  ::shmctl(id, IPC_RMID, nullptr);
  return 0;
}

using Attempt = std::function<int(const std::string&)>;

const std::map<std::string, Attempt, std::less<>>& attempts() {
  static const std::map<std::string, Attempt, std::less<>> all{
      {"read", [](const auto& file) { return closing(::open(file.c_str(), O_RDONLY)); }},
      {"write", [](const auto& file) { return closing(::open(file.c_str(), O_WRONLY)); }},
      {"create",
       [](const auto& file) { return closing(::open((file + ".new").c_str(), O_WRONLY | O_CREAT, 0600)); }},
      {"remove", [](const auto& file) { return answer(::unlink(file.c_str())); }},
      {"open_up", [](const auto& file) { return answer(::chmod(file.c_str(), 0777)); }},
      {"execute", execute},
      {"connect", [](const auto&) { return closing(::socket(AF_INET, SOCK_STREAM, 0)); }},
      {"local_socket", [](const auto&) { return closing(::socket(AF_UNIX, SOCK_STREAM, 0)); }},
      {"datagram",
       [](const auto&) {
         int ends[2];
         return ::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0 ? closing(ends[0]) + closing(ends[1]) : errno;
       }},
      {"raw_socket", [](const auto&) { return closing(::socket(AF_NETLINK, SOCK_RAW, 0)); }},
      {"ring", [](const auto&) { return closing(::syscall(SYS_io_uring_setup, 1, nullptr)); }},
      {"signal", [](const auto&) { return answer(::kill(::getppid(), 0)); }},
      {"leave_group", [](const auto&) { return leaveGroup(); }},
      {"outlive", [](const auto&) { return answer(::prctl(PR_SET_PDEATHSIG, 0)); }},
      {"hidden_memory", [](const auto&) { return closing(::syscall(SYS_memfd_create, "x", 0)); }},
      {"shared_memory", [](const auto&) { return sharedMemory(); }},
      {"signal_all", [](const auto&) { return answer(::kill(-1, 0)); }},
      {"trace", [](const auto&) { return traceStarter(); }},
      {"read_memory", [](const auto&) { return readStarter(); }},
      {"namespace", [](const auto&) { return answer(::syscall(SYS_unshare, 0x10000000)); }},
      {"mount", [](const auto& file) { return answer(::mount("none", file.c_str(), "tmpfs", 0, nullptr)); }},
      {"load_program", [](const auto&) { return closing(::syscall(SYS_bpf, 0, nullptr, 0)); }},
      {"keys", [](const auto&) { return answer(::syscall(SYS_keyctl, 0, -3, 0)); }},
  };
  return all;
}

// Acts that end the run, or would.

void crashInThread() {
  std::thread([] { std::abort(); }).join();
}
void hang() {
  ::signal(SIGTERM, SIG_IGN);
  ::sleep(kLifeS);
}
void hangOutside() {
  leaveGroup();
  hang();
}
void allocate() {
  std::vector<char> memory(kAllocated);
  for (std::size_t at = 0; at < memory.size(); at += 4096)
    memory[at] = 1;
}
void closeAll() {
  for (int fd = 0; fd < 1024; ++fd)
    ::close(fd);
}
void junkAndExit() {
  for (int fd = 3; fd < 64; ++fd)
    static_cast<void>(::write(fd, "this is no frame, but long enough to look like one", 50) > 0);
  std::exit(0);
}
void leaveDaemon() {
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  ::sleep(kLifeS);
  ::_exit(0);
}

// Each in a session of its own, so that no group is all of them.
void forkBomb(rf::Run& run) {
  int forked = 0;
  for (int i = 0; i < kForks; ++i) {
    const pid_t child = ::fork();
    if (child > 0) ++forked;
    if (child != 0) continue;
    ::setsid();
    for (int more = 0; more < 2; ++more)
      static_cast<void>(::fork());
    ::sleep(kLifeS);
    ::_exit(0);
  }
  run.fact("forked", forked);
}
// A process that is always another one: whoever kills the one it sees is late.
void relay() {
  if (::fork() != 0) return;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(kLifeS);
  while (std::chrono::steady_clock::now() < until) {
    ::setsid();
    if (::fork() > 0) ::_exit(0);
  }
  ::_exit(0);
}
void leakFiles(rf::Run& run) {
  int opened = 0;
  while (opened < kOpened && ::open("/dev/null", O_RDONLY) >= 0)
    ++opened;
  run.fact("opened", opened);
}
void flood(rf::Run& run) {
  for (int i = 0; i < kRecords; ++i)
    run.record("fact/1").text("name", "flood." + std::to_string(i)).integer("value", i).commit();
}
void floodWithText(rf::Run& run) {
  const std::string text(1U << 20, 'x');
  for (int i = 0; i < 1000; ++i)
    run.record("fact/1").text("name", "text." + std::to_string(i)).text("value", text).commit();
}

class Hostile final : public rf::Scanner {
 public:
  explicit Hostile(rf::Host) {}
  ~Hostile() override {
    if (late_.joinable()) late_.join();
  }

  rf::Status configure(std::string_view settings) override {
    act_ = member(settings, "act");
    target_ = member(settings, "target");
    if (act_ == "crash_in_configure") std::abort();
    return rf::Status::kOk;
  }

  rf::Status scan(rf::Run& run) override {
    if (const auto attempt = attempts().find(act_); attempt != attempts().end()) {
      run.fact("errno", attempt->second(target_));
      return run.outcome();
    }
    if (act_ == "user") run.fact("uid", static_cast<int>(::getuid()));
    endOrFlood(run);
    return run.outcome();
  }

 private:
  void endOrFlood(rf::Run& run) {
    if (act_ == "crash") std::raise(SIGSEGV);
    if (act_ == "crash_in_thread") crashInThread();
    if (act_ == "exit") std::exit(0);
    if (act_ == "hang") hang();
    if (act_ == "hang_outside") hangOutside();
    if (act_ == "stop") std::raise(SIGSTOP);
    if (act_ == "allocate") allocate();
    if (act_ == "close_all") closeAll();
    if (act_ == "junk_and_exit") junkAndExit();
    if (act_ == "daemon") leaveDaemon();
    if (act_ == "fork_bomb") forkBomb(run);
    if (act_ == "relay") {
      for (int i = 0; i < kRelays; ++i)
        relay();
    }
    if (act_ == "daemon_and_hang") {
      leaveDaemon();
      hang();
    }
    if (act_ == "leak_files") leakFiles(run);
    if (act_ == "flood") flood(run);
    if (act_ == "flood_with_text") floodWithText(run);
    if (act_ == "not_text") run.record("fact/1").text("name", "bytes").text("value", "\xff\xfe\x80").commit();
    if (act_ == "spin") {
      for (;;)
        ::sched_yield();
    }
    if (act_ == "late") late(run);
  }

  // A row after scan returned, from a thread that the plugin still has.
  void late(rf::Run& run) {
    run.fact("in_time", 1);
    const auto* said_to = &run;
    late_ = std::thread([said_to] {
      ::usleep(50'000);
      const_cast<rf::Run*>(said_to)->record("fact/1").text("name", "late").integer("value", 1).commit();
    });
  }

  std::string act_;
  std::string target_;
  std::thread late_;
};

const rf::Declaration kDeclaration{
    .id = "hostile",
    .version = REDFLAG_VERSION,
    .name = "Harms the machine as it is told, for the self-test",
    .vendor = "RedFlag",
    .config_schema = R"({"type":"object","properties":{"act":{"type":"string"},"target":{"type":"string"}}})",
    .record_kinds = {"fact/1"}};

}  // namespace

RF_PLUGIN(Hostile, kDeclaration)
