// A scan by dnf5's recorded answers.
#include <gmock/gmock.h>

#include "recorded_dnf5.h"
#include "scan.h"
#include "support/scan_run.h"

namespace redflag::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

class Dnf5Scan : public testing::Test {
 protected:
  Dnf5Scan() {
    scan_.fake.epoch_ns = 1'795'934'400LL * 1'000'000'000;  // soon after the recording
    scan_.fake.exec = [this](const std::vector<std::string>& argv) { return dnf5_(argv); };
  }
  std::string of(const std::string& name, const char* field) const {
    return scan_.update(name).value(field, "");
  }

  RecordedDnf5 dnf5_;
  ScanRun<dnf5::Scan, dnf5::Settings> scan_;
};

TEST_F(Dnf5Scan, names_what_check_upgrade_names_and_what_obsoletes) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  std::set<std::string> rows;
  for (const auto& row : scan_.fake.ofKind("update/1"))
    if (!row.contains("blocked_by"))
      rows.insert(row.at("key").get<std::string>() + " " + row.value("installed_version", "") + " " +
                  row.at("candidate_version").get<std::string>() + " " + row.at("scope").get<std::string>());
  EXPECT_EQ(rows,
            (std::set<std::string>{"epoch.noarch 1:9.0-1 2:0.1-1 updates", "kernel-x.x86_64 6.1-1 6.2-1 base",
                                   "lib.i686 1.0-1 1.1-1 base", "lib.x86_64 1.0-1 1.1-1 base",
                                   "new.noarch  2.0-1 updates", "tool.x86_64 1.0-1 1.2-1 updates"}));
  EXPECT_EQ(of("tool", "source_package"), "tool");
  EXPECT_EQ(of("tool", "origin"), "updates");
  EXPECT_GT(scan_.update("tool").value("download_bytes", 0), 0);
}

TEST_F(Dnf5Scan, says_what_advisories_say_of_the_way) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(of("tool", "category"), "security");
  EXPECT_EQ(of("tool", "severity"), "high");
  EXPECT_EQ(scan_.update("tool").at("advisories"), Json::array({"T-1", "T-2"}));
  EXPECT_EQ(of("tool", "cves"), "CVE-2026-0001");
  EXPECT_EQ(of("epoch", "category"), "bugfix");
  EXPECT_EQ(of("need", "category"), "unknown");
  EXPECT_EQ(of("need", "severity"), "unknown");
}

TEST_F(Dnf5Scan, says_which_updates_want_a_reboot_as_their_plan_will) {
  for (const auto* question : {"check-upgrade --json", RecordedDnf5::kUpgradeAll}) {
    auto& answer = dnf5_.answers[question];
    answer.replace(answer.find("kernel-x"), 8, "glibc");
  }
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.update("glibc").value("needs_reboot", 0), 1);
  EXPECT_FALSE(scan_.update("tool").contains("needs_reboot"));
}

TEST_F(Dnf5Scan, tells_locks_from_excludes) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.blockedBy("locked"), "held");
  EXPECT_EQ(scan_.blockedBy("shut"), "excluded");
  EXPECT_EQ(of("shut", "installed_version"), "1.0-1");
  EXPECT_EQ(scan_.blockedBy("tool"), "");
}

TEST_F(Dnf5Scan, names_as_kept_back_what_an_upgrade_of_everything_would_not_bring) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.blockedBy("need"), "kept_back");
  EXPECT_EQ(scan_.blockedBy("new"), "") << "it comes for another";
  EXPECT_EQ(scan_.blockedBy("epoch"), "");
  EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_OK);
}

TEST_F(Dnf5Scan, names_everything_as_kept_back_where_dnf5_would_do_nothing) {
  dnf5_.failures = {{RecordedDnf5::kUpgradeAll, {0, recorded("upgrade_nothing.txt"), ""}}};
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  for (const auto& row : scan_.fake.ofKind("update/1"))
    EXPECT_TRUE(row.contains("blocked_by")) << row;
  EXPECT_EQ(scan_.blockedBy("locked"), "held") << "and what is blocked by itself as before";
  EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_OK);
}

TEST_F(Dnf5Scan, calls_nothing_kept_back_where_dnf5_does_not_say_what_it_would_do) {
  const auto table = recorded("upgrade_all.txt");
  for (const auto& answer :
       {rf::ExecResult{1, "", "Failed to resolve the transaction"}, rf::ExecResult{134, "", "terminated"},
        rf::ExecResult{1, table.substr(0, table.find("Transaction Summary")), ""},
        rf::ExecResult{1, recorded("upgrade_nothing.txt"), ""}, rf::ExecResult{2, "", "Unknown argument"}}) {
    dnf5_.failures = {{RecordedDnf5::kUpgradeAll, answer}};
    EXPECT_EQ(scan_.run(), rf::Status::kOk) << answer.err;
    EXPECT_EQ(scan_.blockedBy("need"), "") << answer.err;
    EXPECT_EQ(scan_.blockedBy("shut"), "excluded");
    EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK) << "which updates there are is known";
    EXPECT_NE(scan_.fake.scopeStatus("rpm"), RF_OK) << answer.err;
    EXPECT_TRUE(scan_.fake.reported("dnf5.kept_back_unknown")) << answer.err;
    EXPECT_FALSE(scan_.fake.fact("lists.age_s").is_null());
  }
}

TEST_F(Dnf5Scan, names_the_repository_of_which_nothing_is_known) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("gone"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf5.no_metadata"));
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  EXPECT_EQ(scan_.fake.scopeStatus("updates"), RF_OK);
  EXPECT_EQ(scan_.fake.scopeStatus("off"), RF_NOT_APPLICABLE) << "one that is not enabled is no scope";
  EXPECT_GT(scan_.fake.fact("lists.age_s"), 0);
}

TEST_F(Dnf5Scan, expects_a_refresh_only_where_told_to) {
  scan_.fake.epoch_ns += 3LL * 86'400 * 1'000'000'000;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  scan_.settings.expect_refresh = true;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf5.metadata_stale"));
}

TEST_F(Dnf5Scan, believes_no_refresh_at_a_time_that_is_far_ahead) {
  scan_.settings.expect_refresh = true;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  scan_.fake.epoch_ns -= 3LL * 86'400 * 1'000'000'000;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf5.metadata_stale"));
}

TEST_F(Dnf5Scan, lists_what_is_installed_also_what_is_excluded) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.ofKind("package/1").size(), 10U);
  bool shut = false;
  for (const auto& row : scan_.fake.ofKind("package/1"))
    shut = shut || row.at("key") == "shut-1.0-1.x86_64";
  EXPECT_TRUE(shut);
}

TEST_F(Dnf5Scan, fails_where_dnf5_does_and_says_what_it_said) {
  const auto failed = [&](const std::string& question, rf::ExecResult with) {
    dnf5_.failures = {{question, std::move(with)}};
    const auto status = scan_.run();
    EXPECT_TRUE(scan_.fake.ofKind("update/1").empty()) << question;
    return std::pair(status, scan_.fake.reports.empty() ? "" : scan_.fake.reports.back().text);
  };
  const auto broken = failed("repo info --json", {1, "", "Missing ']' on line 1"});
  EXPECT_EQ(broken.first, rf::Status::kTransient);
  EXPECT_THAT(broken.second, HasSubstr("Missing ']'"));
  EXPECT_EQ(failed("check-upgrade --json", {2, "", "Unknown argument \"--json\""}).first,
            rf::Status::kUnsupported);
  EXPECT_EQ(failed("check-upgrade --json", {0, "{\"upgrades\":", ""}).first, rf::Status::kInternal);
  EXPECT_EQ(failed("advisory info --available --json", {0, "{}", ""}).first, rf::Status::kInternal);
  EXPECT_EQ(failed("--setopt=disable_excludes=* repoquery --installed --queryformat", {0, "", ""}).first,
            rf::Status::kPermanent);
  EXPECT_TRUE(scan_.fake.reported("dnf5.database_empty"));
  EXPECT_EQ(failed("repo info --json", {0, "[]", ""}).first, rf::Status::kMisconfigured);
}

TEST_F(Dnf5Scan, has_nothing_to_say_where_everything_is_up_to_date) {
  for (const auto* question : {"check-upgrade --json", "list --upgrades --json", "list --obsoletes --json",
                               "--setopt=disable_excludes=* list --upgrades --json",
                               "--setopt=disable_excludes=* repoquery --upgrades --queryformat"})
    dnf5_.answers[question] = "";
  dnf5_.answers["advisory info --available --json"] = "[]\n";
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_THAT(dnf5_.asked, testing::Not(testing::Contains(RecordedDnf5::kUpgradeAll)))
      << "the solver is spared";
  EXPECT_TRUE(scan_.fake.ofKind("update/1").empty());
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

TEST(Dnf5Settings, refuse_what_the_schema_does_not_know) {
  EXPECT_TRUE(dnf5::parseSettings("{}"));
  EXPECT_TRUE(dnf5::parseSettings(R"({"refresh":"system","refresh_after":"36h"})")->expect_refresh);
  for (const auto* bad : {"[]", R"({"refresh":"private"})", R"({"root":"/"})", "{"})
    EXPECT_FALSE(dnf5::parseSettings(bad)) << bad;
  const auto own = dnf5::parseSettings(R"({"refresh":"private"})");
  ASSERT_FALSE(own);
  EXPECT_NE(own.error().text.find("never or system"), std::string::npos) << own.error().text;
}

}  // namespace
}  // namespace redflag::test
