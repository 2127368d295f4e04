// The whole way: agent, sealed host, plugin, on a root of the test's own.
#include <gmock/gmock.h>

#include "base/json.h"
#include "dnf_root.h"
#include "support/http_folder.h"

namespace redflag::test {
namespace {

class DnfAgentScan : public testing::Test {
 protected:
  DnfAgentScan() {
    root_.write("agent.yaml", "version: 1\nisolation: best\nplugins:\n  dnf: {settings: {root: \"" +
                                  root_.path().string() + "\"}}\n");
    root_.install({{"tool", "1.0-1"}, {"other", "1:1.0-1", "", "noarch"}});
    root_.addRepository(
        {.id = "base", .advisories = {{"T-1", "security", "Important", {"CVE-2026-1"}, {{"tool", "1.1-1"}}}}},
        {{"tool", "1.1-1"}, {"other", "2:0.1-1", "", "noarch"}});
    root_.addRepository({.id = "extra"}, {{"stranger", "1.0-1"}});
    root_.refresh();
  }

  Json scan(const std::string& purpose = "updates") const {
    const auto agent = std::string(REDFLAG_BUILD) + "/bin/redflag-agent";
    const auto written =
        outputOf({"sh", "-c",
                  "\"$0\" --config \"$1/agent.yaml\" --state \"$1/state\" scan dnf --purpose \"$2\" "
                  "--format json || [ $? = 4 ]",
                  agent, root_.path().string(), purpose});
    const auto document = parseJson(written);
    return document ? document->at("scans").at(0) : Json::object();
  }

  DnfRoot root_;
};

std::set<std::string> rows(const Json& scan) {
  std::set<std::string> found;
  for (const auto& row : scan.at("records"))
    if (row.at("record") == "update/1") {
      std::string text;
      for (const auto* field : {"name", "arch", "candidate_version", "origin"})
        text += (text.empty() ? "" : " ") + row.at(field).get<std::string>();
      found.insert(text);
    }
  return found;
}

TEST_F(DnfAgentScan, names_exactly_what_dnf_names_the_first_time_and_from_kept_state) {
  const auto named_by_dnf = root_.upgradable();
  ASSERT_EQ(named_by_dnf.size(), 2U);
  for (int round = 0; round < 3; ++round) {
    const auto told = scan(round == 2 ? "verify" : "updates");
    ASSERT_EQ(told.value("status", ""), "ok") << told;
    EXPECT_TRUE(told.value("complete", false)) << told;
    EXPECT_EQ(rows(told), named_by_dnf);
    EXPECT_EQ(told.at("reports").dump().find("inputs.unchanged") != std::string::npos, round == 1) << told;
  }
}

TEST_F(DnfAgentScan, tells_of_a_repository_without_metadata_as_incomplete) {
  const auto named_by_dnf = root_.upgradable();
  std::filesystem::remove_all(root_.metadataOf("extra"));
  const auto told = scan();
  EXPECT_EQ(told.value("status", ""), "ok") << told;
  EXPECT_FALSE(told.value("complete", true)) << told;
  EXPECT_EQ(rows(told), named_by_dnf);
  EXPECT_NE(told.at("reports").dump().find("dnf.no_metadata"), std::string::npos);
}

TEST_F(DnfAgentScan, reads_metadata_in_another_folder_only_where_it_is_allowed_to) {
  std::filesystem::rename(root_.path() / "var/cache/dnf", root_.path() / "elsewhere");
  root_.append("etc/dnf/dnf.conf", "cachedir=/elsewhere\n");
  const auto told = scan();
  EXPECT_FALSE(told.value("complete", true)) << told;
  EXPECT_NE(told.at("reports").dump().find("dnf.metadata_unreadable"), std::string::npos) << told;
}

// A copy of its own of the metadata: fetched, and its signature checked, behind the walls.
class AgentPrivateMetadata : public DnfAgentScan {
 protected:
  AgentPrivateMetadata() : server_(root_.path() / "repositories") {
    root_.publish({.id = "base"}, {{"tool", "1.2-1"}});
    key_.signBeside(repomd(), repomd() + ".asc");
    std::filesystem::remove(root_.path() / "etc/yum.repos.d/extra.repo");  // on a disk that is out of sight
    root_.write("etc/yum.repos.d/base.repo", "[base]\nbaseurl=http://" + server_.host() +
                                                 "/base\ngpgcheck=0\nrepo_gpgcheck=1\ngpgkey=file://" +
                                                 root_.path().string() + "/etc/dnf/key.asc\n");
    std::filesystem::copy_file(key_.file(), root_.path() / "etc/dnf/key.asc");
  }
  std::string repomd() const { return root_.path() / "repositories/base/repodata/repomd.xml"; }
  // `more`: further lines below the plugin, each with its indentation.
  Json scanWith(const std::string& more) const {
    root_.write("agent.yaml",
                "version: 1\nisolation: best\nplugins:\n  dnf:\n    settings:\n      refresh: "
                "private\n      root: " +
                    root_.path().string() + "\n      cache_dir: " + root_.cacheDir() + "\n" + more);
    return scan();
  }

  SigningKey key_;
  HttpFolder server_;
};

TEST_F(AgentPrivateMetadata, is_fetched_and_checked_behind_the_walls) {
  const auto seen = scanWith("");
  ASSERT_EQ(seen.value("status", ""), "ok") << seen;
  EXPECT_THAT(rows(seen), testing::Contains("tool x86_64 1.2-1 base")) << seen;
  EXPECT_TRUE(seen.at("complete")) << seen;
  const SigningKey other;
  root_.publish({.id = "base"}, {{"tool", "6.6-1"}});
  other.signBeside(repomd(), repomd() + ".asc");
  std::filesystem::remove(root_.path() / "plugin-cache/metadata.json");
  const auto forged = scanWith("");
  EXPECT_THAT(rows(forged), testing::Contains("tool x86_64 1.2-1 base")) << forged;
  EXPECT_FALSE(forged.at("complete"));
  EXPECT_THAT(forged.at("reports").dump(), testing::HasSubstr("dnf.refresh_failed"));
}

TEST_F(AgentPrivateMetadata, is_not_fetched_where_agent_yaml_lists_no_network) {
  std::string granted;
  for (const auto* part :
       {"/var/lib/rpm", "/etc/dnf", "/etc/yum.repos.d", "/etc/os-release", "/var/cache/dnf"})
    granted += "\"read:" + root_.path().string() + part + "\", ";
  const auto seen = scanWith("    capabilities: [" + granted + "\"write:" + root_.cacheDir() + "\"]\n");
  ASSERT_EQ(seen.value("status", ""), "ok") << seen;
  EXPECT_THAT(seen.at("reports").dump(), testing::HasSubstr("dnf.refresh_denied"));
  EXPECT_THAT(server_.asked(), testing::IsEmpty());
}

}  // namespace
}  // namespace redflag::test
