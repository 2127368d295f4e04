// Walls around a process of its own each: what it can do in there, at the levels of Landlock that are in the
// field.
#include "host/seal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "host/linux/landlock.h"

namespace redflag::host {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;

int errnoOf(long result) {
  if (result < 0) return errno;
  ::close(static_cast<int>(result));
  return 0;
}

int run(const std::string& program) {
  std::string name = program;
  std::vector<char*> argv{name.data(), nullptr};
  pid_t child = -1;
  if (const int error = ::posix_spawn(&child, name.c_str(), nullptr, nullptr, argv.data(), nullptr);
      error != 0)
    return error;
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

// granted/{file}, secret, script
class SealTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (landlockLevel() < GetParam()) GTEST_SKIP() << "this kernel has Landlock " << landlockLevel();
    std::string pattern = (fs::temp_directory_path() / "redflag-seal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root = fs::canonical(pattern);
    fs::create_directory(root / "granted");
    for (const char* name : {"granted/file", "secret"})
      std::ofstream(root / name) << "content";
    std::ofstream(root / "script") << "#!/bin/sh\nexit 7\n";
    fs::permissions(root / "script", fs::perms::owner_all);
  }
  void TearDown() override { fs::remove_all(root); }

  Load load(std::vector<std::string> capabilities, Seal seal = Seal::kRequire) const {
    Load out;
    out.library = "/usr/lib/x.so";
    out.capabilities = std::move(capabilities);
    out.seal = seal;
    return out;
  }
  // What `act` answers within the walls; 254: they could not be built.
  int within(const Load& wanted, const std::function<int()>& act) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto walls = sealProcess(wanted, Capabilities(wanted.capabilities), GetParam());
      ::_exit(walls ? act() : 254);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }
  int opens(const Load& wanted, const std::string& name, int flags) const {
    return within(wanted, [&] { return errnoOf(::open((root / name).c_str(), flags, 0600)); });
  }
  std::string grant(const std::string& kind, const std::string& name) const {
    return kind + ":" + (root / name).string();
  }

  fs::path root;
};

TEST_P(SealTest, opens_what_was_granted_and_nothing_beside_it) {
  const auto reads = load({grant("read", "granted")});
  EXPECT_EQ(opens(reads, "granted/file", O_RDONLY), 0);
  EXPECT_EQ(opens(reads, "granted", O_RDONLY | O_DIRECTORY), 0);
  EXPECT_EQ(opens(reads, "granted/file", O_WRONLY), EACCES);
  EXPECT_EQ(opens(reads, "granted/new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(opens(reads, "secret", O_RDONLY), EACCES);
  EXPECT_EQ(opens(reads, ".", O_RDONLY | O_DIRECTORY), EACCES);
  EXPECT_EQ(within(reads, [] { return errnoOf(::open("/etc/shadow", O_RDONLY)); }), EACCES);
  EXPECT_EQ(within(reads, [] { return errnoOf(::open("/usr/lib/os-release", O_RDONLY)); }), 0);
}

TEST_P(SealTest, lets_a_granted_folder_be_changed_and_makes_it_first) {
  const auto writes = load({grant("write", "made/cache")});
  EXPECT_EQ(opens(writes, "made/cache/new", O_RDWR | O_CREAT), 0);
  EXPECT_EQ(opens(writes, "made/cache/new", O_WRONLY | O_TRUNC), 0);
  EXPECT_EQ(
      within(writes,
             [&] { return ::rename((root / "made/cache/new").c_str(), (root / "made/cache/n").c_str()); }),
      0);
  EXPECT_EQ(within(writes, [&] { return ::unlink((root / "made/cache/n").c_str()); }), 0);
  EXPECT_EQ(opens(writes, "made/other", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(
      within(writes, [&] { return ::mknod((root / "made/cache/d").c_str(), S_IFCHR, 0) < 0 ? errno : 0; }),
      EACCES);
}

TEST_P(SealTest, starts_a_granted_program_or_script_and_no_other) {
  EXPECT_EQ(within(load({"exec:/bin/true"}), [] { return run("/bin/true"); }), 0);
  EXPECT_EQ(within(load({"exec:/bin/true"}), [] { return run("/bin/false"); }), EACCES);
  EXPECT_EQ(within(load({grant("exec", "script")}), [&] { return run(root / "script"); }), 7);
  EXPECT_EQ(within(load({"exec:/bin/true"}), [&] { return run(root / "script"); }), EACCES);
}

TEST_P(SealTest, has_no_sockets_unless_any_were_granted) {
  const auto sockets = [] { return errnoOf(::socket(AF_INET, SOCK_STREAM, 0)); };
  EXPECT_EQ(within(load({}), sockets), EACCES);
  EXPECT_EQ(within(load({"net:any"}), sockets), 0);
  int pair[2];
  EXPECT_EQ(within(load({}), [&] { return ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair); }), 0);
  for (const int type : {int{SOCK_DGRAM}, SOCK_DGRAM | SOCK_CLOEXEC, int{SOCK_RAW}})
    EXPECT_EQ(within(load({}), [&] { return ::socketpair(AF_UNIX, type, 0, pair) < 0 ? errno : 0; }), EACCES);
}

TEST_P(SealTest, changes_no_modes_unless_something_may_be_written) {
  const auto opens_up = [&] { return ::chmod((root / "granted/file").c_str(), 0666) < 0 ? errno : 0; };
  EXPECT_EQ(within(load({grant("read", "granted")}), opens_up), EACCES);
  EXPECT_EQ(within(load({grant("write", "granted")}), opens_up), 0);
}

TEST_P(SealTest, signals_its_own_children_but_not_its_starter) {
  EXPECT_EQ(within(load({}), [] { return ::kill(::getppid(), 0) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(within(load({}), [] { return ::kill(-1, 0) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(within(load({}), [] { return ::kill(::getppid(), 0) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(within(load({"exec:/bin/true"}), [] { return ::kill(::getppid(), 0) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(within(load({"exec:/bin/true"}),
                   [] {
                     const pid_t child = ::fork();
                     if (child == 0) ::pause();
                     ::kill(child, SIGKILL);
                     int status = 0;
                     ::waitpid(child, &status, 0);
                     return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
                   }),
            SIGKILL);
}

TEST_P(SealTest, changes_no_other_process) {
  EXPECT_EQ(within(load({}), [] { return ::setpriority(PRIO_USER, 0, 19) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(
      within(load({}),
             [] { return ::setpriority(PRIO_PROCESS, static_cast<id_t>(::getppid()), 19) < 0 ? errno : 0; }),
      EACCES);
  EXPECT_EQ(within(load({}), [] { return ::setpriority(PRIO_PROCESS, 0, 5) < 0 ? errno : 0; }), 0);
  EXPECT_EQ(within(load({}),
                   [] {
                     rlimit none{0, 0};
                     return ::prlimit(::getppid(), RLIMIT_CPU, &none, nullptr) < 0 ? errno : 0;
                   }),
            EACCES);
}

TEST_P(SealTest, cuts_no_file_by_its_name) {
  EXPECT_EQ(within(load({grant("read", "granted")}),
                   [&] { return ::truncate((root / "granted/file").c_str(), 0) < 0 ? errno : 0; }),
            EACCES);
}

TEST_P(SealTest, binds_threads_and_what_is_started) {
  EXPECT_EQ(within(load({"exec:/bin/cat"}),
                   [&] {
                     std::string program = "/bin/cat";
                     std::string file = (root / "secret").string();
                     std::vector<char*> argv{program.data(), file.data(), nullptr};
                     pid_t child = -1;
                     if (::posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(), nullptr) != 0)
                       return 99;
                     int status = 0;
                     ::waitpid(child, &status, 0);
                     return WEXITSTATUS(status);
                   }),
            1);
}

INSTANTIATE_TEST_SUITE_P(Landlock, SealTest, testing::Values(1, 2, kNewestLandlock),
                         [](const auto& of) { return "level_" + std::to_string(of.param); });

class SealWithoutLandlock : public testing::Test {
 protected:
  // The walls' state as a number: files 1, network 2, system calls 4; 100: refused.
  static int standing(Seal seal) {
    const pid_t child = ::fork();
    if (child == 0) {
      Load load;
      load.seal = seal;
      const auto walls = sealProcess(load, Capabilities({}), 0);
      if (!walls) ::_exit(100);
      ::_exit((*walls)[0].standing + 2 * (*walls)[1].standing + 4 * (*walls)[2].standing);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
};

TEST_F(SealWithoutLandlock, goes_on_and_says_so_where_the_best_is_asked_for) {
  EXPECT_EQ(standing(Seal::kBest), 6);
}

TEST_F(SealWithoutLandlock, refuses_where_every_wall_is_required) {
  EXPECT_EQ(standing(Seal::kRequire), 100);
}

TEST_F(SealWithoutLandlock, is_nothing_where_nothing_is_asked_for) {
  EXPECT_EQ(standing(Seal::kNone), 0);
}

TEST(Walls, that_this_system_can_build_are_named) {
  const auto walls = possibleWalls();
  ASSERT_EQ(walls.size(), 3U);
  EXPECT_STREQ(walls[0].name, "files");
  EXPECT_EQ(walls[0].standing, landlockLevel() > 0);
}

}  // namespace
}  // namespace redflag::host
