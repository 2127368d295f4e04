#include "host/scratch.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace redflag::host {
namespace {

namespace fs = std::filesystem;

class Scratch : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "redflag-scratch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base = pattern;
  }
  void TearDown() override {
    fs::remove_all(base);
    ::unsetenv("TMPDIR");
  }
  fs::path base;
};

TEST_F(Scratch, is_a_new_folder_that_libraries_find) {
  const auto made = makeScratch(base);
  EXPECT_EQ(made, base / std::to_string(::getpid()));
  EXPECT_STREQ(::getenv("TMPDIR"), made.c_str());
  EXPECT_EQ(fs::status(made).permissions(), fs::perms::owner_all);
}

TEST_F(Scratch, of_runs_that_are_over_is_removed_and_of_others_kept) {
  const auto over = base / "4194399";  // beyond the largest process number
  fs::create_directories(over / "deep");
  std::ofstream(over / "deep/file") << "left behind";
  fs::create_directory(base / "1");
  fs::create_directory(base / std::to_string(::getpid()));
  std::ofstream(base / std::to_string(::getpid()) / "old") << "of an earlier process of this number";
  const auto made = makeScratch(base);
  EXPECT_FALSE(fs::exists(over));
  EXPECT_TRUE(fs::exists(base / "1"));
  EXPECT_TRUE(fs::is_empty(made));
}

// Root is stopped by no mode: what a run's user meets is tried as that user.
TEST_F(Scratch, is_removed_however_deep_and_closed_it_was_left) {
  const bool root = ::geteuid() == 0;
  const uid_t user = root ? ::getpwnam("nobody")->pw_uid : ::geteuid();
  if (root) {
    ASSERT_EQ(::chown(base.c_str(), user, static_cast<gid_t>(-1)), 0);
    ASSERT_EQ(::seteuid(user), 0);
  }
  const auto over = base / "4194399";
  fs::create_directory(over);
  const std::string name(255, 'd');
  int at = ::open(over.c_str(), O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 500; ++depth) {  // far beyond what a path can say
    ASSERT_EQ(::mkdirat(at, name.c_str(), 0700), 0);
    const int child = ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY);
    if (depth % 7 == 0) ::mkdirat(at, "closed", 0);
    ::close(at);
    at = child;
  }
  ::mkdirat(at, "closed", 0);
  ::close(at);
  ::chmod(over.c_str(), 0);
  makeScratch(base);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_FALSE(fs::exists(over));
}

TEST_F(Scratch, is_not_made_where_others_could_write_or_nothing_is) {
  EXPECT_EQ(makeScratch(""), "");
  EXPECT_EQ(makeScratch(base / "missing"), "");
  fs::permissions(base, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(makeScratch(base), "");
}

}  // namespace
}  // namespace redflag::host
