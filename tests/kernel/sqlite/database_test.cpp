#include "sqlite/database.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace redflag::kernel::sqlite {
namespace {

class SqliteDatabase : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-sqlite-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "t.db"; }
  std::filesystem::path folder_;
};

TEST_F(SqliteDatabase, keeps_what_was_committed_and_forgets_what_was_not) {
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database) << database.error().text;
    ASSERT_TRUE(database->execute("CREATE TABLE t(a TEXT, b INTEGER)"));
    auto insert = database->prepare("INSERT INTO t VALUES(?,?)");
    ASSERT_TRUE(insert);
    {
      auto kept = Transaction::begin(*database);
      ASSERT_TRUE(kept);
      ASSERT_TRUE(insert->bind(1, std::string("a\0b", 3)).bind(2, INT64_MIN).run());
      ASSERT_TRUE(kept->commit());
    }
    insert->reset();
    auto dropped = Transaction::begin(*database);
    ASSERT_TRUE(insert->bind(1, "x").bind(2, std::int64_t{1}).run());
  }
  auto database = Database::open(file());
  ASSERT_TRUE(database);
  auto rows = database->prepare("SELECT a, b FROM t");
  ASSERT_TRUE(*rows->step());
  EXPECT_EQ(rows->text(0), std::string("a\0b", 3));
  EXPECT_EQ(rows->integer(1), INT64_MIN);
  EXPECT_FALSE(*rows->step());
}

TEST_F(SqliteDatabase, is_readable_for_its_owner_only_and_durable) {
  auto database = Database::open(file());
  ASSERT_TRUE(database);
  struct stat info {};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(*database->number("PRAGMA synchronous"), 2);
  auto mode = database->prepare("PRAGMA journal_mode");
  ASSERT_TRUE(*mode->step());
  EXPECT_EQ(mode->text(0), "wal");
}

TEST_F(SqliteDatabase, names_a_file_that_is_no_database) {
  std::ofstream(file()) << std::string(8192, 'x');
  auto database = Database::open(file());
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Code::kCorrupt);
  EXPECT_THAT(database.error().text, testing::HasSubstr(file().string()));
  auto aside = moveAside(file());
  ASSERT_TRUE(aside);
  EXPECT_TRUE(std::filesystem::exists(*aside));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(SqliteDatabase, notices_a_damaged_page) {
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t(a TEXT)"));
    auto insert = database->prepare("INSERT INTO t VALUES(?)");
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(insert->bind(1, std::string(500, 'y')).run());
      insert->reset();
    }
  }
  std::fstream damaged(file(), std::ios::in | std::ios::out | std::ios::binary);
  damaged.seekp(3 * 4096);
  damaged << std::string(4096, '\xFF');
  damaged.close();
  EXPECT_EQ(Database::open(file()).error().code, Code::kCorrupt);
}

TEST_F(SqliteDatabase, tells_a_conflict_and_a_mistake_apart) {
  auto database = Database::open(file());
  ASSERT_TRUE(database->execute("CREATE TABLE t(a TEXT PRIMARY KEY)"));
  ASSERT_TRUE(database->execute("INSERT INTO t VALUES('x')"));
  EXPECT_EQ(database->execute("INSERT INTO t VALUES('x')").error().code, Code::kConflict);
  EXPECT_EQ(database->prepare("SELECT nothing").error().code, Code::kInternal);
}

TEST_F(SqliteDatabase, says_when_the_folder_is_missing) {
  EXPECT_EQ(Database::open(folder_ / "none" / "t.db").error().code, Code::kIo);
}

}  // namespace
}  // namespace redflag::kernel::sqlite
