#include "main/settings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "auth/rate_limits.h"
#include "main/data_folder.h"
#include "support/certificate.h"

namespace redflag::server {
namespace {

class SettingsTest : public ::testing::Test {
 protected:
  Settings read(const std::string& text) {
    std::ofstream(file_) << text;
    return readSettings(file_);
  }
  // What is said of the text, without the folder in front.
  std::string complaint(const std::string& text) {
    try {
      read(text);
    } catch (const ConfigurationError& error) {
      return std::string(error.what()).substr(folder_.path().string().size() + 1);
    }
    return "none";
  }

  testing::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "server.yaml";
};

TEST_F(SettingsTest, are_defaults_where_nothing_is_said) {
  EXPECT_EQ(readSettings(file_).listen, "127.0.0.1:8443");
  EXPECT_EQ(read("").keep_days, 90);
  EXPECT_EQ(read("# nothing\n").silent_after_minutes, 10);
}

TEST_F(SettingsTest, are_what_the_file_says) {
  const Settings settings = read(
      "listen: '[::]:443'\nnames: [redflag.example.com, 10.0.0.1]\nkeep_days: 30\nsilent_after_minutes: 5\n"
      "require_second_factor: [approver, admin]\n");
  EXPECT_EQ(settings.listen, "[::]:443");
  EXPECT_EQ(settings.names, (std::vector<std::string>{"redflag.example.com", "10.0.0.1"}));
  EXPECT_EQ(settings.keep_days, 30);
  EXPECT_EQ(settings.silent_after_minutes, 5);
  EXPECT_EQ(settings.require_second_factor, (std::set<std::string>{"admin", "approver"}));
}

TEST_F(SettingsTest, say_how_often_may_be_asked_and_which_proxies_are_believed) {
  const Settings settings = read(
      "keep_audit_days: 3\nrate_limits: {agent: 600, sign_in: 3}\ntrusted_proxies: [10.0.0.0/8, '::1']\n");
  EXPECT_EQ(settings.keep_audit_days, 3);
  EXPECT_EQ(settings.rate_limits, (std::map<std::string, std::int64_t>{{"agent", 600}, {"sign_in", 3}}));
  EXPECT_EQ(settings.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(complaint("rate_limits: {agents: 1}\n"),
            "server.yaml:1: rate_limits: expected agent, enrolment, enrolment_failed, people or sign_in, "
            "each once, "
            "not \"agents\"");
  EXPECT_EQ(complaint("rate_limits: {agent: 0}\n"),
            "server.yaml:1: rate_limits.agent: expected a number from 1 to 1000000");
  EXPECT_EQ(complaint("rate_limits: 7\n"),
            "server.yaml:1: rate_limits: expected policies and their numbers a minute");
  EXPECT_EQ(complaint("trusted_proxies: [everyone]\n"),
            "server.yaml:1: trusted_proxies: expected a network such as 10.0.0.0/8 or 2001:db8::/32, not "
            "\"everyone\"");
}

TEST_F(SettingsTest, name_file_line_and_key_of_what_is_wrong) {
  EXPECT_EQ(
      complaint("listen: 127.0.0.1:1\nlistne: x\n"),
      "server.yaml:2: unknown key \"listne\"; known are agent_token_life_s, database, keep_audit_days, "
      "keep_days, listen, names, rate_limits, require_second_factor, silent_after_minutes, trusted_proxies");
  EXPECT_EQ(complaint("keep_days: soon\n"), "server.yaml:1: keep_days: expected a number from 1 to 3650");
  EXPECT_EQ(complaint("keep_days: 0\n"), "server.yaml:1: keep_days: expected a number from 1 to 3650");
  EXPECT_EQ(complaint("keep_days: [1]\n"), "server.yaml:1: keep_days: expected a number from 1 to 3650");
  for (const char* roles : {"admin", "[admins]", "[[admin]]", "{admin: yes}"}) {
    EXPECT_EQ(
        complaint("require_second_factor: " + std::string(roles) + "\n"),
        "server.yaml:1: require_second_factor: expected a list out of viewer, technician, approver, admin");
  }
  EXPECT_EQ(complaint("\nnames: one\n"), "server.yaml:2: names: expected a list of host names");
  EXPECT_EQ(complaint("names: ['a b']\n"),
            "server.yaml:1: names: expected a host name in lower case, or an address, not \"a b\"");
  EXPECT_EQ(complaint("listen: 8443\n"), "server.yaml:1: listen: expected address:port, not \"8443\"");
  EXPECT_EQ(complaint("keep_days: 1\nkeep_days: 2\n"), "server.yaml:2: keep_days: given twice");
  EXPECT_EQ(complaint("- 1\n"), "server.yaml:1: expected keys and values");
  EXPECT_TRUE(complaint("listen: [\n").starts_with("server.yaml:2: ")) << complaint("listen: [\n");
}

TEST_F(SettingsTest, are_all_in_the_readme_with_their_defaults) {
  std::ifstream in(REDFLAG_SERVER_README);
  const std::string readme{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const auto section = readme.find("## server.yaml\n");
  ASSERT_NE(section, std::string::npos);
  const auto begin = readme.find("```yaml\n", section) + 8;
  const std::string shown = readme.substr(begin, readme.find("```\n", begin) - begin);
  const Settings settings = read(shown);
  const Settings defaults;
  EXPECT_EQ(settings.listen, defaults.listen);
  EXPECT_EQ(settings.keep_days, defaults.keep_days);
  EXPECT_EQ(settings.keep_audit_days, defaults.keep_audit_days);
  EXPECT_EQ(settings.silent_after_minutes, defaults.silent_after_minutes);
  EXPECT_EQ(settings.agent_token_life_s, defaults.agent_token_life_s);
  for (const auto& policy : auth::RateLimits::known())
    EXPECT_EQ(settings.rate_limits.at(policy.name), policy.perMinute()) << policy.name;
  std::string known = complaint("x: 1\n");
  known = known.substr(known.find("known are ") + 10) + ",";
  for (std::size_t at = 0; at < known.size();) {
    const auto end = known.find(',', at);
    const std::string key = known.substr(at, end - at);
    EXPECT_NE(("\n" + shown).find("\n" + key + ":"), std::string::npos) << key;
    at = end + 2;
  }
}

TEST_F(SettingsTest, of_a_new_server_can_be_read) {
  EXPECT_EQ(read(settingsText({"a.example", "b.example"}, "")).names,
            (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_TRUE(read(settingsText({}, "")).names.empty());
  EXPECT_EQ(read(settingsText({}, "")).database, "");
  EXPECT_EQ(read(settingsText({}, "postgresql://u:\"\\@h/d")).database, "postgresql://u:\"\\@h/d");
}

TEST(Addresses, are_taken_apart_strictly) {
  EXPECT_EQ(splitListen("127.0.0.1:0").port, 0);
  EXPECT_EQ(splitListen("[::1]:8443").host, "::1");
  for (const char* bad : {"", "8443", ":8443", "host:", "host:x", "host:70000", "host:-1", "host:1x"}) {
    EXPECT_THROW(splitListen(bad), ConfigurationError) << bad;
  }
}

TEST(Addresses, are_given_out_by_name_if_there_is_one) {
  Settings settings;
  EXPECT_EQ(publicUrls(settings, 8443), std::vector<std::string>{"https://127.0.0.1:8443"});
  settings.listen = "[::1]:0";
  EXPECT_EQ(publicUrls(settings, 99), std::vector<std::string>{"https://[::1]:99"});
  settings.names = {"a.example", "b.example"};
  EXPECT_EQ(publicUrls(settings, 443), (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_TRUE(certificateNames(settings).contains("b.example"));
  EXPECT_TRUE(certificateNames(settings).contains("localhost"));
}

TEST(DataFolder, belongs_to_one_server_at_a_time) {
  const testing::TemporaryFolder folder;
  const DataFolder data = DataFolder::make(folder.path() / "a/data");
  {
    const FolderLock lock(data);
    EXPECT_THROW(FolderLock{data}, std::runtime_error);
  }
  EXPECT_NO_THROW(FolderLock{data});
}

TEST(DataFolder, must_not_be_writable_for_others) {
  const testing::TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  EXPECT_THROW(DataFolder::make(folder.path()), std::runtime_error);
}

TEST(DataFolder, says_what_to_do_where_no_server_was_made) {
  const testing::TemporaryFolder folder;
  try {
    DataFolder::open(folder.path());
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("redflag-server init"), std::string::npos);
  }
}

}  // namespace
}  // namespace redflag::server
