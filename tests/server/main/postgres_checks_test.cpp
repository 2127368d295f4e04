// What the doctor says of a PostgreSQL that somebody holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "auth/secret_file.h"
#include "base/time.h"
#include "main/checks.h"
#include "main/shared_keys.h"
#include "store/examine.h"
#include "support/database.h"
#include "support/folder.h"

namespace redflag::server {
namespace {

using Level = Finding::Level;
using store::sql::Access;

class PostgresDoctor : public ::testing::Test {
 protected:
  PostgresDoctor() {
    const std::string line = std::string(REDFLAG_BUILD) + "/bin/redflag-server init --data " +
                             data().string() + " >/dev/null 2>" + (folder_ / "err").string();
    EXPECT_EQ(std::system(line.c_str()), 0);
  }
  std::filesystem::path data() const { return folder_ / "data"; }

  // "" when there is none of this level.
  std::string textOf(const char* check, Level level) const {
    std::vector<Finding> out;
    checkDatabase(data(), database_.url(), epochNow() / kSecondNs, out);
    const auto found = std::find_if(
        out.begin(), out.end(), [&](const Finding& one) { return one.check == check && one.level == level; });
    if (found == out.end()) return "";
    EXPECT_TRUE(level == Level::kOk || !found->advice.empty());
    return found->text;
  }
  std::string locks(Level level) const { return textOf("locks", level); }

  testing::Folder folder_;
  testing::TestDatabase database_;
};

TEST_F(PostgresDoctor, says_ok_of_each_check_of_a_sound_one) {
  for (const char* check : {"settings", "integrity", "locks", "migrations", "speed", "audit", "shared_keys"})
    EXPECT_NE(textOf(check, Level::kOk), "") << check;
}

TEST_F(PostgresDoctor, finds_a_migration_that_is_pending_and_does_not_apply_it) {
  database_.connect()->execute(
      "DELETE FROM schema_migrations WHERE number = (SELECT MAX(number) FROM schema_migrations)");
  EXPECT_TRUE(textOf("migrations", Level::kWarning).starts_with("pending: "));
  EXPECT_TRUE(textOf("migrations", Level::kWarning).starts_with("pending: ")) << "still";
}

TEST_F(PostgresDoctor, finds_a_database_that_is_not_there_and_advises_no_restore) {
  std::vector<Finding> out;
  checkDatabase(data(), "postgresql:///redflag?host=/nowhere", epochNow() / kSecondNs, out);
  ASSERT_FALSE(out.empty());
  EXPECT_EQ(out.back().level, Level::kError);
  EXPECT_EQ(out.back().check, "integrity");
  EXPECT_NE(out.back().advice.find("start PostgreSQL"), std::string::npos) << out.back().advice;
}

TEST_F(PostgresDoctor, finds_somebody_who_lets_nobody_write) {
  EXPECT_TRUE(locks(Level::kOk).starts_with("a writer waits "));
  const auto holder = database_.connect();
  holder->begin(Access::kWrite);
  holder->settle();
  EXPECT_TRUE(locks(Level::kError).starts_with("somebody holds the database: nobody could write for "));
  holder->rollBack();
  EXPECT_NE(locks(Level::kOk), "") << "and nothing is left of having looked";
}

TEST_F(PostgresDoctor, finds_who_waits_for_a_lock_that_somebody_keeps) {
  const auto holder = database_.connect();
  holder->execute("SELECT pg_advisory_lock(1)");
  std::thread waiter([this] {
    const auto connection = database_.connect();
    connection->execute("SELECT pg_advisory_lock(1)");
  });
  std::string told;
  for (int i = 0; i < 20 && told.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    told = locks(Level::kWarning);
  }
  holder->execute("SELECT pg_advisory_unlock(1)");
  waiter.join();
  EXPECT_NE(told.find("; 1 sessions wait for locks"), std::string::npos) << told;
}

TEST_F(PostgresDoctor, compares_its_clock_with_the_databases) {
  const auto ahead_ns = store::examine({"", database_.url()}).ahead_ns;
  EXPECT_NE(ahead_ns, 0);
  EXPECT_LT(std::abs(ahead_ns), 10 * kSecondNs) << "one machine has one clock";
}

TEST_F(PostgresDoctor, finds_keys_that_are_not_those_of_the_other_servers) {
  EXPECT_NE(textOf("shared_keys", Level::kOk), "");
  const DataFolder here = DataFolder::open(data());
  const DataFolder other = DataFolder::make(folder_ / "other");
  auth::writeSecretFile(other.accessKey(), "another\n");
  auth::writeSecretFile(other.deviceKey(), auth::readSecretFile(here.deviceKey()).value());
  leaveKeyMarks(other, *database_.open());
  const std::string found = textOf("shared_keys", Level::kWarning);
  EXPECT_TRUE(found.starts_with(here.accessKey().string() + " is another key than")) << found;
  leaveKeyMarks(here, *database_.open());
  EXPECT_NE(textOf("shared_keys", Level::kOk), "");
}

}  // namespace
}  // namespace redflag::server
