#include "platform/files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace redflag::platform {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(Files, replaces_a_file_and_leaves_no_temporary_one) {
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", "one"));
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", "two", 0644, Durability::kCrash));
  EXPECT_EQ(*readFile(folder_ / "a", 100), "two");
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Files, names_the_file_and_the_reason_when_a_write_fails) {
  const auto written = writeFileAtomic(folder_ / "missing" / "a", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kNotFound);
  EXPECT_THAT(written.error().text, testing::HasSubstr("missing/a"));
}

TEST_F(Files, reads_no_more_than_the_limit) {
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", std::string(101, 'x')));
  EXPECT_EQ(readFile(folder_ / "a", 100).error().code, Code::kLimit);
  EXPECT_EQ(readFile(folder_ / "a", 101)->size(), 101U);
}

TEST_F(Files, reads_regular_files_only_and_never_waits_for_one) {
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(readFile(folder_ / "fifo", 100).error().code, Code::kInvalid);
  EXPECT_EQ(readFile(folder_, 100).error().code, Code::kInvalid);
  EXPECT_EQ(readFile(folder_ / "none", 100).error().code, Code::kNotFound);
}

TEST_F(Files, tells_what_others_can_write) {
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", "x"));
  EXPECT_TRUE(checkOnlyOursToWrite(folder_ / "a"));
  ASSERT_EQ(::chmod((folder_ / "a").c_str(), 0620), 0);
  EXPECT_EQ(checkOnlyOursToWrite(folder_ / "a").error().code, Code::kDenied);
  ASSERT_EQ(::chmod((folder_ / "a").c_str(), 0602), 0);
  EXPECT_EQ(checkOnlyOursToWrite(folder_ / "a").error().code, Code::kDenied);
  ASSERT_EQ(::chmod((folder_ / "a").c_str(), 0600), 0);
  std::filesystem::create_symlink(folder_ / "a", folder_ / "link");
  EXPECT_EQ(checkOnlyOursToWrite(folder_ / "link").error().code, Code::kDenied);
}

TEST_F(Files, makes_private_folders_and_accepts_existing_ones) {
  ASSERT_TRUE(makePrivateFolder(folder_ / "x" / "y"));
  ASSERT_TRUE(makePrivateFolder(folder_ / "x" / "y"));
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "x" / "y").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  ASSERT_TRUE(writeFileAtomic(folder_ / "file", "x"));
  EXPECT_FALSE(makePrivateFolder(folder_ / "file"));
}

TEST_F(Files, a_lock_has_one_holder_and_is_gone_with_it) {
  {
    auto lock = LockFile::acquire(folder_ / "lock");
    ASSERT_TRUE(lock);
    auto second = LockFile::acquire(folder_ / "lock");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::kConflict);
    EXPECT_THAT(second.error().text, testing::HasSubstr("process " + std::to_string(::getpid())));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "lock"));
  EXPECT_TRUE(LockFile::acquire(folder_ / "lock"));
}

TEST_F(Files, a_stamp_changes_with_the_content) {
  EXPECT_EQ(fileStamp(folder_ / "a"), FileStamp{});
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", "one"));
  const auto before = fileStamp(folder_ / "a");
  EXPECT_EQ(fileStamp(folder_ / "a"), before);
  ASSERT_TRUE(writeFileAtomic(folder_ / "a", "more"));
  EXPECT_NE(fileStamp(folder_ / "a"), before);
}

}  // namespace
}  // namespace redflag::platform
