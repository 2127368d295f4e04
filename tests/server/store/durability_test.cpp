// What was acknowledged is there after kill -9, once and whole.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>
#include <set>
#include <thread>

#include "base/encoding.h"
#include "store/agents.h"
#include "store/scans.h"
#include "store/sqlite/sqlite_store.h"
#include "support/folder.h"

namespace redflag::store::sqlite {
namespace {

constexpr int kRounds = 12;
const AgentKey kSender{"agent", "client", "site", ""};

// Stores items one after another and tells each id only after it was stored. Never returns.
[[noreturn]] void writeForEver(const std::filesystem::path& file, int acknowledge) {
  SqliteStore store(file);
  for (;;) {
    const std::string id = newId();
    store.write([&](WriteTransaction& tx) { tx.scans().takeItem(kSender, id, 1); });
    if (::write(acknowledge, id.data(), id.size()) != static_cast<ssize_t>(id.size())) ::_exit(1);
  }
}

// "" when nobody writes any more.
std::string readId(int fd) {
  std::array<char, 26> id;
  if (::read(fd, id.data(), id.size()) != static_cast<ssize_t>(id.size())) return "";
  return {id.data(), id.size()};
}

// `token create` beside a serving server, and then the server is killed.
TEST(E4_kill_the_server, another_process_that_comes_and_goes_does_not_take_the_log_with_it) {
  testing::Folder folder;
  const auto file = folder / "db";
  SqliteStore store(file);
  store.write([&](WriteTransaction& tx) { tx.scans().takeItem(kSender, newId(), 1); });
  store.read([](const ReadTransaction&) {});  // a second connection
  const auto log = file.string() + "-wal";
  struct stat before {};
  ASSERT_EQ(::stat(log.c_str(), &before), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // By exec: a child that was only forked would share this process's connections.
    ::execlp("sqlite3", "sqlite3", file.c_str(), "SELECT count(*) FROM sqlite_master", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "is sqlite3 installed?";
  struct stat after {};
  ASSERT_EQ(::stat(log.c_str(), &after), 0) << "the log is gone";
  EXPECT_EQ(after.st_ino, before.st_ino);
}

TEST(E4_kill_the_server, nothing_acknowledged_is_lost_and_nothing_is_corrupt) {
  testing::Folder folder;
  const auto file = folder / "db";
  { SqliteStore make(file); }
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::set<std::string> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    std::array<int, 2> pipe_ends;
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) writeForEver(file, pipe_ends[1]);
    ::close(pipe_ends[1]);
    // It has begun, however slow the machine is; then some moment.
    acknowledged.insert(readId(pipe_ends[0]));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (std::string id = readId(pipe_ends[0]); !id.empty(); id = readId(pipe_ends[0]))
      acknowledged.insert(std::move(id));
    ::close(pipe_ends[0]);
  }
  ASSERT_FALSE(acknowledged.contains("")) << "a writer could not even begin";
  SqliteStore store(file);
  store.write([&](WriteTransaction& tx) {
    for (const auto& id : acknowledged)
      EXPECT_FALSE(tx.scans().takeItem(kSender, id, 1)) << id << " was lost";
  });
}

}  // namespace
}  // namespace redflag::store::sqlite
