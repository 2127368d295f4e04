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

TEST_F(ConfigStoreTest, takes_over_what_the_owner_lets_the_server_set_and_keeps_it_over_restarts) {
  write(
      "version: 1\nplugins: {apt: {every: 2h}, system: }\n"
      "policy: {server_may_set: [schedule, 'plugins.*.every', 'plugins.system.settings']}\n");
  auto store = std::move(*ConfigStore::open(file(), folder_));
  const Json settings = {{"schedule", {{"every", "1h"}}},
                         {"plugins", {{"system", {{"every", "5m"}}}, {"apt", {{"every", "1m"}}}}}};
  ASSERT_TRUE(store->withServerSettings(settings));
  ASSERT_TRUE(store->keepServerSettings(settings));
  const auto check = [](const Config& config) {
    EXPECT_EQ(config.schedule.every_ns, 3600 * 1'000'000'000LL);
    EXPECT_EQ(config.plugin("system")->schedule.every_ns, 300 * 1'000'000'000LL);
    EXPECT_EQ(config.plugin("apt")->schedule.every_ns, 7200 * 1'000'000'000LL)
        << "the owner's own line counts";
    EXPECT_EQ(config.from_server, (std::set<std::string>{"/schedule/every", "/plugins/system/every"}));
  };
  check(*store->current());
  store = std::move(*ConfigStore::open(file(), folder_));
  check(*store->current());
  ASSERT_TRUE(store->keepServerSettings({{"schedule", {{"every", nullptr}}}}));
  EXPECT_EQ(store->current()->schedule.every_ns, 6 * 3600 * 1'000'000'000LL) << "taken back";
}

TEST_F(ConfigStoreTest, an_owner_who_takes_the_right_back_takes_the_settings_back) {
  write("version: 1\npolicy: {server_may_set: [schedule]}\n");
  auto store = std::move(*ConfigStore::open(file(), folder_));
  ASSERT_TRUE(store->keepServerSettings({{"schedule", {{"every", "1h"}}}}));
  write("version: 1\npolicy: {server_may_set: []}\n");
  EXPECT_TRUE(store->reload());
  EXPECT_TRUE(store->current()->from_server.empty());
  EXPECT_EQ(store->withServerSettings({{"schedule", {{"every", "1h"}}}}).error().code, Code::kDenied);
}

TEST_F(ConfigStoreTest, tells_others_what_the_server_has_set) {
  write("version: 1\npolicy: {server_may_set: [schedule]}\n");
  auto store = std::move(ConfigStore::open(file(), folder_).value());
  const Config own = loadConfig(file()).value();
  EXPECT_TRUE(withKeptSettings(own, folder_)->from_server.empty());
  ASSERT_TRUE(store->keepServerSettings({{"schedule", {{"every", "1h"}}}}));
  const auto both = withKeptSettings(own, folder_);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->from_server, (std::set<std::string>{"/schedule/every"}));
  ASSERT_TRUE(platform::writeFileAtomic(folder_ / "server-settings.json", "no JSON"));
  EXPECT_EQ(withKeptSettings(own, folder_).error().code, Code::kInvalid);
}

TEST_F(ConfigStoreTest, takes_nothing_over_that_is_wrong_or_not_the_servers) {
  write("version: 1\nplugins: {apt: }\npolicy: {server_may_set: [schedule, 'plugins.*.settings.refresh']}\n");
  auto store = std::move(*ConfigStore::open(file(), folder_));
  const auto refused = [&](const Json& settings) {
    const auto result = store->withServerSettings(settings);
    return result ? std::string("taken") : result.error().text;
  };
  for (const char* text :
       {R"({"mode":"act"})", R"({"policy":{"allow":[]}})", R"({"plugins":{"apt":{"capabilities":["root"]}}})",
        R"({"plugins":{"apt":{"settings":{"root":"/x"}}}})", R"({"isolation":"best"})",
        R"({"schedule":{"every":"1h"},"limits":{"time":"9h"}})"})
    EXPECT_THAT(refused(Json::parse(text)), testing::HasSubstr("not the server's to set")) << text;
  EXPECT_THAT(refused({{"schedule", {{"every", "1x"}}}}), testing::HasSubstr("schedule.every"));
  EXPECT_THAT(refused({{"schedule", {{"every", "1s"}}}}), testing::HasSubstr("at least"));
  EXPECT_THAT(refused({{"schedule", {{"ever", "1h"}}}}), testing::HasSubstr("schedule.ever"));
  EXPECT_EQ(refused({{"plugins", {{"dnf", {{"settings", {{"refresh", "system"}}}}}}}}), "taken")
      << "of a plugin that is not here: kept for nothing, and never loaded for it";
  EXPECT_TRUE(store->current()->from_server.empty());
}

TEST_F(ConfigStoreTest, a_name_of_digits_is_no_place_in_a_list_that_the_owner_wrote) {
  write(
      "version: 1\nplugins: {apt: {settings: {list: [a]}}}\npolicy: {server_may_set: "
      "[\"plugins.*.settings\"]}\n");
  const auto own = loadConfig(file());
  ASSERT_TRUE(own);
  for (const char* name : {"0", "7", "99999999999999999999", "-", "01"}) {
    const auto both =
        withServerSettings(*own, {{"plugins", {{"apt", {{"settings", {{"list", {{name, "b"}}}}}}}}}});
    ASSERT_TRUE(both) << name;
    EXPECT_EQ(both->values, own->values) << name;
  }
}

TEST_F(ConfigStoreTest, what_a_plugin_may_touch_is_made_of_the_owners_settings_alone) {
  write(
      "version: 1\nplugins: {x.y: {settings: {a: 1}}}\npolicy: {server_may_set: ['plugins.x.y.settings']}\n");
  auto store = std::move(*ConfigStore::open(file(), folder_));
  ASSERT_TRUE(
      store->keepServerSettings(Json::parse(R"({"plugins":{"x.y":{"settings":{"folder":"/etc"}}}})")));
  const PluginConfig& plugin = *store->current()->plugin("x.y");
  EXPECT_EQ(plugin.settings, Json::parse(R"({"a":1,"folder":"/etc"})"));
  EXPECT_EQ(plugin.owner_settings, Json::parse(R"({"a":1})"));
}

// A list would be as long as its highest number: the agent would end for want of memory, at every start.
TEST_F(ConfigStoreTest, a_server_that_calls_settings_by_numbers_makes_no_list_of_them) {
  write(
      "version: 1\nplugins: {x.y: {settings: {list: [a], word: b}}}\n"
      "policy: {server_may_set: [schedule, 'plugins.*.settings']}\n");
  auto store = std::move(*ConfigStore::open(file(), folder_));
  EXPECT_EQ(store->withServerSettings({{"schedule", {{"4000000000", 1}, {"every", "1h"}}}}).error().code,
            Code::kInvalid);
  const Json settings = Json::parse(
      R"({"plugins":{"x.y":{"settings":{"4000000000":1,"z":2,"list":{"1":"c"},"word":{"of":"d"}}}}})");
  ASSERT_TRUE(store->withServerSettings(settings));
  ASSERT_TRUE(store->keepServerSettings(settings));
  EXPECT_EQ(store->current()->plugin("x.y")->settings,
            Json::parse(R"({"4000000000":1,"z":2,"list":["a"],"word":"b"})"))
      << "what the owner wrote stays as it is";
}

TEST_F(ConfigStoreTest, kept_settings_that_cannot_be_read_leave_the_owners_configuration_in_force) {
  write("version: 1\npolicy: {server_may_set: [schedule]}\n");
  for (const char* kept : {"{", "[]", R"({"schedule":{"every":"1s"}})"}) {
    ASSERT_TRUE(platform::writeFileAtomic(folder_ / "server-settings.json", kept));
    const auto store = ConfigStore::open(file(), folder_);
    ASSERT_TRUE(store);
    EXPECT_EQ((*store)->current()->schedule.every_ns, 6 * 3600 * 1'000'000'000LL) << kept;
  }
}

TEST_F(ConfigStoreTest, lives_without_a_file) {
  auto store = ConfigStore::open("", folder_);
  ASSERT_TRUE(store);
  EXPECT_FALSE((*store)->changedOnDisk());
  EXPECT_FALSE((*store)->reload());
}

}  // namespace
}  // namespace redflag::kernel
