// Marks of keys that servers on one database had better have in common.
#include "main/shared_keys.h"

#include <gtest/gtest.h>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "support/database.h"
#include "support/folder.h"

namespace redflag::server {
namespace {

class SharedKeys : public ::testing::Test {
 protected:
  SharedKeys() {
    for (const DataFolder* data : {&one_, &other_}) {
      auth::writeSecretFile(data->accessKey(), toBase64Url(randomBytes(32)) + "\n");
      auth::writeSecretFile(data->deviceKey(), randomBytes(32));
    }
  }
  std::vector<std::string> foreign(const DataFolder& data) {
    std::vector<std::string> out;
    for (const auto& key : foreignKeys(data, *store_)) {
      EXPECT_FALSE(key.effect.empty());
      out.push_back(key.file);
    }
    return out;
  }
  static void copy(const std::filesystem::path& from, const std::filesystem::path& to) {
    auth::writeSecretFile(to, auth::readSecretFile(from).value());
  }

  testing::TestDatabase database_;
  std::unique_ptr<store::Store> store_ = database_.open();
  testing::Folder folder_;
  const DataFolder one_ = DataFolder::make(folder_ / "one");
  const DataFolder other_ = DataFolder::make(folder_ / "other");
};

using Files = std::vector<std::string>;

TEST_F(SharedKeys, are_foreign_where_the_server_that_started_last_has_others) {
  EXPECT_EQ(foreign(one_), Files{}) << "nobody has started yet";
  leaveKeyMarks(one_, *store_);
  EXPECT_EQ(foreign(one_), Files{});
  EXPECT_EQ(foreign(other_), (Files{other_.accessKey().string(), other_.deviceKey().string()}));
  leaveKeyMarks(other_, *store_);
  EXPECT_EQ(foreign(other_), Files{}) << "a key that was replaced is the right one from the next start on";
  EXPECT_EQ(foreign(one_), (Files{one_.accessKey().string(), one_.deviceKey().string()}));
}

TEST_F(SharedKeys, that_were_copied_are_not_foreign_and_one_that_is_missing_is_not_spoken_of) {
  leaveKeyMarks(one_, *store_);
  copy(one_.accessKey(), other_.accessKey());
  EXPECT_EQ(foreign(other_), Files{other_.deviceKey().string()});
  std::filesystem::remove(other_.deviceKey());
  EXPECT_EQ(foreign(other_), Files{});
  EXPECT_FALSE(std::filesystem::exists(other_.deviceKey()));
}

}  // namespace
}  // namespace redflag::server
