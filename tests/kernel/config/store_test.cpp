#include "config/store.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace redflag::kernel {
namespace {

class ConfigStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-store-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) {
    ASSERT_TRUE(platform::writeFileAtomic(file(), text, 0644, platform::Durability::kCrash));
  }
  std::filesystem::path file() const { return folder_ / "agent.yaml"; }
  std::filesystem::path folder_;
};

TEST_F(ConfigStoreTest, takes_a_good_change_and_keeps_the_last_good_one_over_a_bad_one) {
  write("version: 1\nmode: report\n");
  auto store = ConfigStore::open(file(), folder_);
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->changedOnDisk());
  write("version: 1\nmode: act\n");
  EXPECT_TRUE((*store)->changedOnDisk());
  EXPECT_TRUE((*store)->reload());
  EXPECT_EQ((*store)->current()->mode, Mode::kAct);

  write("version: 1\nmode: [broken\n");
  EXPECT_FALSE((*store)->reload());
  EXPECT_EQ((*store)->current()->mode, Mode::kAct);
  EXPECT_THAT((*store)->invalidText(), testing::HasSubstr("agent.yaml:"));
  EXPECT_FALSE((*store)->changedOnDisk());

  write("version: 1\nmode: act\n");
  EXPECT_FALSE((*store)->reload());  // good again, and the same as what is in force
  EXPECT_EQ((*store)->invalidText(), "");
}

TEST_F(ConfigStoreTest, starts_with_the_kept_copy_when_the_file_is_bad) {
  write("version: 1\nplugins: {apt: }\n");
  ASSERT_TRUE(ConfigStore::open(file(), folder_));
  write("version: 1\nplugin: {apt: }\n");
  auto store = ConfigStore::open(file(), folder_);
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->current()->plugins.size(), 1U);
  EXPECT_THAT((*store)->invalidText(), testing::HasSubstr("did you mean plugins?"));
}

TEST_F(ConfigStoreTest, refuses_to_start_on_a_bad_file_without_a_good_one_before_it) {
  write("version: 7\n");
  EXPECT_EQ(ConfigStore::open(file(), folder_).error().code, Code::kInvalid);
}

TEST_F(ConfigStoreTest, lives_without_a_file) {
  auto store = ConfigStore::open("", folder_);
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->changedOnDisk());
  EXPECT_FALSE((*store)->reload());
}

}  // namespace
}  // namespace redflag::kernel
