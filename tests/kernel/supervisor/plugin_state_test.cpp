#include "supervisor/plugin_state.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/files.h"

namespace redflag::kernel {
namespace {

class PluginStateTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/redflag-state-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(PluginStateTest, comes_back_as_it_was_kept) {
  EXPECT_TRUE(loadPluginState(folder_, "apt").empty());
  const PluginState state{{"a", std::string("\0\n\xFF", 3)}, {"b", ""}};
  ASSERT_TRUE(savePluginState(folder_ / "new", "apt", state));
  EXPECT_EQ(loadPluginState(folder_ / "new", "apt"), state);
  EXPECT_TRUE(loadPluginState(folder_ / "new", "system").empty());
}

TEST_F(PluginStateTest, puts_a_runs_keys_over_the_older_ones) {
  ASSERT_TRUE(savePluginState(folder_, "apt", {{"a", "1"}, {"b", "1"}}));
  ASSERT_TRUE(savePluginState(folder_, "apt", {{"b", "2"}, {"c", "2"}}));
  EXPECT_EQ(loadPluginState(folder_, "apt"), (PluginState{{"a", "1"}, {"b", "2"}, {"c", "2"}}));
}

TEST_F(PluginStateTest, is_bounded_also_where_the_keys_are_longer_than_the_values) {
  // Eight MiB and a half a run.
  const auto state = [](char first) {
    PluginState out;
    for (int i = 0; i < 130'000; ++i) {
      std::string key = first + std::to_string(i) + ".";
      out[key.append(64 - key.size(), 'x')] = "1";
    }
    return out;
  };
  ASSERT_TRUE(savePluginState(folder_, "apt", state('a')));
  ASSERT_TRUE(savePluginState(folder_, "apt", state('b')));
  EXPECT_EQ(loadPluginState(folder_, "apt").size(), 130'000U) << "of the last run alone";
}

TEST_F(PluginStateTest, counts_a_file_that_is_cut_anywhere_as_none) {
  ASSERT_TRUE(savePluginState(folder_, "apt", {{"a", "1"}, {"b", "2"}}));
  const auto file = folder_ / "apt.state";
  const auto whole = *platform::readFile(file, 1000);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    ASSERT_TRUE(platform::writeFileAtomic(file, whole.substr(0, cut), 0600, platform::Durability::kCrash));
    EXPECT_TRUE(loadPluginState(folder_, "apt").empty()) << cut;
  }
  ASSERT_TRUE(
      platform::writeFileAtomic(file, std::string(whole.size(), '\0'), 0600, platform::Durability::kCrash));
  EXPECT_TRUE(loadPluginState(folder_, "apt").empty());
}

}  // namespace
}  // namespace redflag::kernel
