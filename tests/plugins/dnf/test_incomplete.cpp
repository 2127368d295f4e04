// A repository that is not completely known never reads as "no updates"; the others are told all the same.
#include <gtest/gtest.h>

#include "metadata.h"
#include "scan_of.h"
#include "support/lock_holder.h"

namespace redflag::test {
namespace {

class DnfIncomplete : public testing::Test {
 protected:
  DnfIncomplete() : scan_(root_) {
    root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
    root_.addRepository({.id = "good"}, {{"tool", "1.1-1"}});
    root_.addRepository({.id = "bad", .advisories = {{"T-1", "security", "Low", {}, {{"other", "1.1-1"}}}}},
                        {{"other", "1.1-1"}});
    root_.refresh();
  }

  // The repository "bad" has failed with this code, and "good" has told what it knows.
  void expectFailed(rf_status status, const std::string& code) {
    ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
    EXPECT_EQ(scan_.fake.scopeStatus("bad"), status);
    EXPECT_TRUE(scan_.fake.reported(code)) << (scan_.fake.reports.empty() ? "" : scan_.fake.reports[0].code);
    EXPECT_EQ(scan_.fake.scopeStatus("good"), RF_OK);
    EXPECT_TRUE(scan_.rows().contains("tool x86_64 1.1-1 good"));
  }
  // dnf's parsed caches would stand for the files.
  void forgetParsed() const {
    for (const auto& entry : std::filesystem::directory_iterator(root_.path() / "var/cache/dnf"))
      if (!entry.is_directory() && entry.path().extension() != ".json") std::filesystem::remove(entry.path());
  }
  std::filesystem::path part(const std::string& type) const {
    for (const auto& entry : std::filesystem::directory_iterator(root_.metadataOf("bad") / "repodata"))
      if (entry.path().filename().string().find(type) != std::string::npos) return entry.path();
    return {};
  }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfIncomplete, metadata_that_was_never_fetched) {
  std::filesystem::remove_all(root_.metadataOf("bad"));
  expectFailed(RF_TRANSIENT, "dnf.no_metadata");
}

TEST_F(DnfIncomplete, a_repomd_that_is_no_xml) {
  std::filesystem::resize_file(part("repomd.xml"), 100);
  expectFailed(RF_TRANSIENT, "dnf.repo_broken");
}

TEST_F(DnfIncomplete, a_list_of_packages_that_is_gone) {
  std::filesystem::remove(part("primary"));
  expectFailed(RF_TRANSIENT, "dnf.repo_broken");
}

TEST_F(DnfIncomplete, a_list_of_packages_that_was_cut_off) {
  forgetParsed();
  std::filesystem::resize_file(part("primary"), std::filesystem::file_size(part("primary")) / 2);
  expectFailed(RF_TRANSIENT, "dnf.repo_broken");
}

TEST_F(DnfIncomplete, advisories_that_were_changed) {
  forgetParsed();
  std::filesystem::resize_file(part("updateinfo"), std::filesystem::file_size(part("updateinfo")) - 1);
  expectFailed(RF_TRANSIENT, "dnf.repo_broken");
}

TEST_F(DnfIncomplete, metadata_that_dnf_has_marked_as_expired) {
  root_.write("var/cache/dnf/expired_repos.json", "[\"bad\"]");
  expectFailed(RF_TRANSIENT, "dnf.metadata_stale");
  EXPECT_TRUE(scan_.rows().contains("other x86_64 1.1-1 bad"));
}

TEST_F(DnfIncomplete, metadata_that_the_machine_should_have_refreshed) {
  scan_.settings.refresh = plugin::Refresh::kSystem;
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(part("primary"), now - std::chrono::hours(49));
  expectFailed(RF_TRANSIENT, "dnf.metadata_stale");
  scan_.settings.refresh = plugin::Refresh::kNever;
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("bad"), RF_OK);
  EXPECT_GE(scan_.fake.fact("lists.age_s").get<std::int64_t>(), 49 * 3600);
}

TEST_F(DnfIncomplete, a_file_of_repositories_that_is_not_understood) {
  root_.write("etc/yum.repos.d/odd.repo", "this is no section\n");
  root_.write("etc/yum.repos.d/name.repo", "[not a name/..]\nbaseurl=http://example.org\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("/etc/yum.repos.d/odd.repo"), RF_MISCONFIGURED);
  EXPECT_EQ(scan_.fake.scopeStatus("/etc/yum.repos.d/name.repo"), RF_MISCONFIGURED);
  EXPECT_EQ(scan_.fake.scopeStatus("good"), RF_OK);
}

TEST_F(DnfIncomplete, no_repository_at_all_ends_the_scan) {
  for (const auto* file : {"good.repo", "bad.repo"})
    std::filesystem::remove(root_.path() / "etc/yum.repos.d" / file);
  EXPECT_EQ(scan_.run(), rf::Status::kMisconfigured);
  EXPECT_TRUE(scan_.fake.reported("dnf.no_repositories"));
}

TEST_F(DnfIncomplete, a_database_without_packages_ends_the_scan) {
  outputOf({"sh", "-c", "rpm --root \"$0\" -e --nodeps tool other 2> /dev/null", root_.path()},
           {"HOME=/root"});
  for (const auto purpose : {RF_PURPOSE_UPDATES, RF_PURPOSE_INVENTORY}) {
    EXPECT_EQ(scan_.run(purpose), rf::Status::kPermanent) << purpose;
    EXPECT_TRUE(scan_.fake.reported("dnf.database_empty")) << purpose;
    EXPECT_NE(scan_.fake.scopeStatus("rpm"), RF_OK) << "nothing is installed, it would say";
  }
}

TEST_F(DnfIncomplete, what_is_installed_while_another_program_is_installing) {
  {
    const LockHolder other(root_.path() / "var/lib/rpm/.rpm.lock");
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.fake.scopeStatus("good"), RF_TRANSIENT);
    EXPECT_EQ(scan_.fake.scopeStatus("bad"), RF_TRANSIENT);
    EXPECT_TRUE(scan_.fake.reported("dnf.rpm_locked"));
    EXPECT_EQ(scan_.rows().size(), 2U) << "what is known is still said";
    EXPECT_TRUE(scan_.fake.state.empty()) << "and not kept";
    EXPECT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kTransient) << "nothing answered for the whole";
    EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_TRANSIENT);
    EXPECT_EQ(scan_.fake.ofKind("package/1").size(), 2U);
  }
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("good"), RF_OK);
  EXPECT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_OK);
}

TEST_F(DnfIncomplete, a_missing_database_is_not_made) {
  std::filesystem::remove_all(root_.path() / "var/lib/rpm");
  EXPECT_EQ(scan_.run(), rf::Status::kNotApplicable);
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "var/lib/rpm"));
}

TEST_F(DnfIncomplete, a_database_that_is_damaged_ends_the_scan) {
  root_.write("var/lib/rpm/rpmdb.sqlite", std::string(8192, 'x'));
  const auto ended = scan_.run();
  EXPECT_NE(ended, rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.records.empty());
}

}  // namespace
}  // namespace redflag::test
