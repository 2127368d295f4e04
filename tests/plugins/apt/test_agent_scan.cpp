// The whole way: agent, host, plugin, on the machine the test runs on.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "apt_root.h"
#include "base/json.h"
#include "signed_archive.h"

namespace redflag::test {
namespace {

class AgentScan : public testing::Test {
 protected:
  AgentScan() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-agent-scan-XXXXXX").string();
    state_ = mkdtemp(pattern.data());
  }
  ~AgentScan() override { std::filesystem::remove_all(state_); }

  // The scan's exit code also says whether it was complete, which is for the machine to decide, not for this
  // test.
  Json scan() const {
    const auto agent = std::string(REDFLAG_BUILD) + "/bin/redflag-agent";
    const auto written =
        outputOf({"sh", "-c", "\"$0\" --state \"$1\" scan apt --format json || [ $? = 4 ]", agent, state_});
    const auto document = parseJson(written, {.bytes = 64U << 20, .depth = 16, .values = 5'000'000});
    return document ? document->at("scans").at(0) : Json::object();
  }

  std::string state_;
};

std::set<std::string> rows(const Json& scan) {
  std::set<std::string> found;
  for (const auto& row : scan.at("records"))
    if (row.at("record") == "update/1") {
      std::string text;
      for (const auto* field : {"name", "arch", "installed_version", "candidate_version"})
        text += (text.empty() ? "" : " ") + row.at(field).get<std::string>();
      found.insert(text);
    }
  return found;
}

TEST_F(AgentScan, names_exactly_what_apt_names_the_first_time_and_from_kept_state) {
  const auto named_by_apt =
      upgradableRows(outputOf({"apt", "-qq", "list", "--upgradable"}, {"LC_ALL=C.UTF-8"}));
  const auto first = scan();
  ASSERT_EQ(first.value("status", ""), "ok") << first;
  EXPECT_EQ(rows(first), named_by_apt);
  const auto second = scan();
  EXPECT_EQ(rows(second), named_by_apt);
  EXPECT_NE(second.at("reports").dump().find("inputs.unchanged"), std::string::npos);
}

// A copy of its own of the lists: fetched behind the walls, by a user without rights.
class AgentPrivateLists : public AgentScan {
 protected:
  AgentPrivateLists() {
    root_.install({"tool", "1.0"});
    archive_.addTo(root_);
    archive_.publish({{"tool", "1.2"}}, &archive_.key());
    root_.addLists({.suite = "stable", .host = archive_.host()}, {{"tool", "1.1"}});
    std::filesystem::permissions(root_.path(), std::filesystem::perms(0755));
    for (const auto& folder : {state_, root_.cacheDir()})
      EXPECT_TRUE(::geteuid() != 0 || ::chown(folder.c_str(), kNobody, kNobody) == 0);
  }
  // `more`: further lines below the plugin, each with its indentation.
  Json scan(const std::string& more) const {
    const auto config = root_.path() / "agent.yaml";
    std::ofstream(config) << "version: 1\nisolation: best\nplugins:\n  apt:\n    settings:\n      refresh: "
                             "private\n      root: "
                          << root_.path().string() << "\n      cache_dir: " << root_.cacheDir() << "\n"
                          << more;
    const std::string without_rights = ::geteuid() == 0 ? kWithoutRights : "";
    const auto written = outputOf(
        {"sh", "-c",
         without_rights + " \"$0\" --config \"$1\" --state \"$2\" scan apt --format json || [ $? = 4 ]",
         std::string(REDFLAG_BUILD) + "/bin/redflag-agent", config, state_});
    const auto document = parseJson(written);
    return document ? document->at("scans").at(0) : Json::object();
  }
  static std::string candidate(const Json& scan) {
    for (const auto& row : scan.at("records"))
      if (row.at("record") == "update/1") return row.at("candidate_version");
    return "none";
  }

  std::string noNetwork() const {
    const auto root = root_.path().string();
    return "    capabilities: [\"read:" + root + "/etc/apt\", \"read:" + root +
           "/var/lib/apt\", \"read:" + root + "/var/lib/dpkg\", \"write:" + root_.cacheDir() + "\"]\n";
  }

  static constexpr uid_t kNobody = 65534;
  static constexpr const char* kWithoutRights = "setpriv --reuid=65534 --regid=65534 --clear-groups";
  AptRoot root_;
  SignedArchive archive_;
};

TEST_F(AgentPrivateLists, are_fetched_and_checked_behind_the_walls) {
  const auto seen = scan("");
  ASSERT_EQ(seen.value("status", ""), "ok") << seen;
  EXPECT_EQ(candidate(seen), "1.2") << seen;
  EXPECT_TRUE(seen.at("complete")) << seen;
  const SigningKey other;
  archive_.publish({{"tool", "6.6"}}, &other);
  std::filesystem::remove(root_.path() / "plugin-cache/lists.json");
  const auto forged = scan("");
  EXPECT_EQ(candidate(forged), "1.2");
  EXPECT_FALSE(forged.at("complete"));
  EXPECT_THAT(forged.at("reports").dump(), testing::HasSubstr("apt.refresh_failed"));
}

TEST_F(AgentPrivateLists, are_not_fetched_where_agent_yaml_lists_no_network) {
  const auto seen = scan(noNetwork());
  ASSERT_EQ(seen.value("status", ""), "ok") << seen;
  EXPECT_EQ(candidate(seen), "1.1") << seen;
  EXPECT_THAT(seen.at("reports").dump(), testing::HasSubstr("apt.refresh_denied"));
  EXPECT_THAT(archive_.server().asked(), testing::IsEmpty());
}

// As Debian's images for clouds name their archives.
TEST_F(AgentPrivateLists, are_not_fetched_from_a_list_of_mirrors_either) {
  const auto mirrors = root_.path() / "etc/apt/mirrors.list";
  root_.write("etc/apt/mirrors.list", "http://" + archive_.host() + "/debian\n");
  root_.write("etc/apt/sources.list", "deb mirror+file:" + mirrors.string() + " stable main\n");
  const auto seen = scan(noNetwork());
  EXPECT_THAT(seen.at("reports").dump(), testing::HasSubstr("apt.refresh_denied"));
  EXPECT_THAT(archive_.server().asked(), testing::IsEmpty());
}

}  // namespace
}  // namespace redflag::test
