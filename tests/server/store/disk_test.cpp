// A disk that fails and a disk that is full: what was acknowledged is there afterwards, what failed was not
// acknowledged.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "../../support/cannot_run.h"
#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/scans.h"
#include "store/sqlite/sqlite_store.h"
#include "support/failing_disk.h"
#include "support/folder.h"

namespace redflag::store::sqlite {
namespace {

using testing::FailingDisk;

const AgentKey kAgent{"agent", "client", "site", ""};
constexpr int kWrites = 40;

// "" when it was taken; else the problem's code.
std::string take(Store& store, const std::string& id, bool swallow = false) {
  try {
    store.write([&](WriteTransaction& tx) {
      try {
        tx.scans().takeItem(kAgent, id, 1);
      } catch (const http::Problem&) {
        if (!swallow) throw;
      }
    });
    return "";
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 503) << problem.detail;
    EXPECT_GT(problem.retry_after_s, 0);
    return problem.code;
  }
}

void expectAll(const std::filesystem::path& file, const std::set<std::string>& acknowledged) {
  SqliteStore store(file);  // checks every page
  store.write([&](WriteTransaction& tx) {
    for (const auto& id : acknowledged)
      EXPECT_FALSE(tx.scans().takeItem(kAgent, id, 1)) << id << " was lost";
  });
}

// Fails the n-th call while a store writes. Answers whether the writing came so far.
bool failOnce(FailingDisk& disk, FailingDisk::Call call, int nth, bool for_good, bool swallow) {
  testing::Folder folder;
  std::set<std::string> acknowledged;
  bool reached = false;
  {
    SqliteStore store(folder / "db");
    disk.fail(call, nth, for_good);
    bool stopped = false;
    for (int i = 0; i < kWrites; ++i) {
      const std::string id = newId();
      const std::string code = take(store, id, swallow);
      if (code.empty()) {
        EXPECT_FALSE(stopped) << "writing went on after the disk had failed";
        acknowledged.insert(id);
      } else {
        EXPECT_EQ(code, "store.failed");
        EXPECT_TRUE(disk.failed());
        stopped = true;
      }
    }
    reached = disk.failed();
    disk.mend();
    if (stopped) {
      EXPECT_EQ(take(store, newId()), "store.failed") << "only a new start looks at the disk again";
    }
  }
  expectAll(folder / "db", acknowledged);
  return reached;
}

void failAtEveryCall(FailingDisk::Call call) {
  FailingDisk disk;
  int nth = 1;
  while (failOnce(disk, call, nth, nth % 2 == 0, nth % 3 == 0))
    ++nth;
  EXPECT_GT(nth, kWrites) << "at least one call of each write must have failed";
}

TEST(E2_the_disk_fails, at_any_write_and_nothing_that_was_acknowledged_is_lost) {
  failAtEveryCall(FailingDisk::Call::kWrite);
}

TEST(E2_the_disk_fails, in_the_middle_of_any_write_and_nothing_that_was_acknowledged_is_lost) {
  failAtEveryCall(FailingDisk::Call::kShortWrite);
}

TEST(E2_the_disk_fails, at_any_sync_and_nothing_that_was_acknowledged_is_lost) {
  failAtEveryCall(FailingDisk::Call::kSync);
}

// A small disk of its own.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& at) : at_(at) {
    std::filesystem::create_directory(at);
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=2m,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  void fill() const {
    std::ofstream out(at_ / "ballast", std::ios::binary);
    const std::string block(4096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush())
      continue;
  }
  void empty() const { std::filesystem::remove(at_ / "ballast"); }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

TEST(E1_the_disk_is_full, nothing_is_written_and_all_is_read_until_there_is_space_again) {
  testing::Folder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) REDFLAG_CANNOT_RUN << "mounting needs root";
  const auto file = folder.path() / "disk" / "db";
  std::set<std::string> acknowledged;
  {
    SqliteStore store(file);
    for (int round = 0; round < 3; ++round) {
      std::string code;
      disk.fill();
      for (int i = 0; i < 5'000 && code.empty(); ++i) {
        const std::string id = newId();
        code = take(store, id);
        if (code.empty()) acknowledged.insert(id);
      }
      EXPECT_EQ(code, "store.full");
      EXPECT_EQ(take(store, newId()), "store.full");
      store.read([&](const ReadTransaction& tx) {
        EXPECT_TRUE(tx.agents().clients(http::Visible::everything()).empty());
      });
      disk.empty();
      const std::string id = newId();
      EXPECT_EQ(take(store, id), "") << "it did not recover";
      acknowledged.insert(id);
    }
    EXPECT_FALSE(acknowledged.empty());
  }
  expectAll(file, acknowledged);
}

}  // namespace
}  // namespace redflag::store::sqlite
