// What cannot be known is never "no updates".
#include <gtest/gtest.h>
#include <unistd.h>
#include <utime.h>

#include <fstream>
#include <sstream>

#include "apt_errors.h"
#include "fetched_root.h"
#include "scan_of.h"
#include "support/lock_holder.h"

namespace redflag::test {
namespace {

constexpr const char* kStable = "deb.example.org/debian stable";

class AptIncomplete : public testing::Test {
 protected:
  AptIncomplete() : scan_(root_) {
    root_.install({"tool", "1.0"});
    root_.addArchive({"stable"}, {{"tool", "1.1"}});
  }
  FetchedRoot root_;
  ScanOf scan_;
};

TEST_F(AptIncomplete, shows_a_complete_archive_as_complete) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_EQ(scan_.fake.scopeStatus("dpkg"), RF_OK);
  EXPECT_TRUE(scan_.fake.reports.empty());
}

TEST_F(AptIncomplete, names_an_archive_whose_lists_were_never_fetched) {
  root_.addSource({.suite = "stable", .host = "other.example.org"});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("other.example.org/debian stable"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.no_lists"));
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_EQ(scan_.rows().size(), 1U);
}

TEST_F(AptIncomplete, notices_one_missing_list_of_a_fetched_archive) {
  std::filesystem::remove(root_.path() /
                          "var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.no_lists"));
}

// apt keeps no file of a list that is empty, as components of a distribution's newest pockets often are.
TEST_F(AptIncomplete, misses_nothing_of_an_archive_that_has_nothing) {
  root_.addArchive({.suite = "empty"}, {});
  root_.addLists({.suite = "empty-file"}, {});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  for (const auto* suite : {"empty", "empty-file"})
    EXPECT_EQ(scan_.fake.scopeStatus(std::string("deb.example.org/debian ") + suite), RF_OK) << suite;
  EXPECT_TRUE(scan_.fake.reports.empty());
}

TEST_F(AptIncomplete, does_not_take_a_list_that_was_cut_off_for_a_short_one) {
  std::filesystem::resize_file(
      root_.path() / "var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages", 0);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.rows().empty());
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.lists_broken"));
}

TEST_F(AptIncomplete, expects_no_lists_of_an_architecture_that_an_archive_does_not_have) {
  root_.addForeignArchitecture("i386");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
}

TEST_F(AptIncomplete, expects_no_lists_of_an_architecture_that_an_archive_has_nothing_for) {
  root_.addForeignArchitecture("i386");
  const std::string file = "var/lib/apt/lists/deb.example.org_debian_dists_stable_InRelease";
  std::ostringstream text;
  text << std::ifstream(root_.path() / file).rdbuf();
  auto release = text.str();
  const std::string only = "Architectures: amd64\n";
  ASSERT_NE(release.find(only), std::string::npos);
  root_.write(file, release.replace(release.find(only), only.size(), "Architectures: all amd64 i386\n"));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_TRUE(scan_.fake.reports.empty());
  std::filesystem::remove(root_.path() /
                          "var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_TRANSIENT) << "a list that it does have";
}

TEST_F(AptIncomplete, hides_passwords_of_sources) {
  root_.append("etc/apt/sources.list", "deb https://user:secret@private.example.org/debian stable main\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("private.example.org/debian stable"), RF_TRANSIENT);
  for (const auto& report : scan_.fake.reports)
    EXPECT_EQ(report.text.find("secret"), std::string::npos) << report.text;
}

TEST_F(AptIncomplete, hides_passwords_in_what_apt_complains_of) {
  EXPECT_EQ(apt::withoutPasswords("https://user:secret@h/x: no, http://token@h:80 and ftp://h/a@b, c@d"),
            "https://h/x: no, http://h:80 and ftp://h/a@b, c@d");
  const std::string source = "https://user:secret@private.example.org/debian stable";
  root_.append("etc/apt/sources.list", "deb [signed-by=/a.gpg] " + source + " main\n");
  root_.append("etc/apt/sources.list", "deb [signed-by=/b.gpg] " + source + " contrib\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.reported("apt.source_broken"));
  for (const auto& report : scan_.fake.reports)
    EXPECT_EQ(report.text.find("secret"), std::string::npos) << report.text;
}

TEST_F(AptIncomplete, goes_on_past_a_broken_line) {
  root_.write("etc/apt/sources.list.d/broken.list", "deb http://broken.example.org\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(root_.path() / "etc/apt/sources.list.d/broken.list"), RF_MISCONFIGURED);
  EXPECT_TRUE(scan_.fake.reported("apt.source_broken"));
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_EQ(scan_.rows().size(), 1U);
}

TEST_F(AptIncomplete, goes_on_past_a_broken_stanza) {
  root_.write("etc/apt/sources.list", "");
  root_.write(
      "etc/apt/sources.list.d/mixed.sources",
      "Types: deb\nSuites: stable\nComponents: main\n\n"
      "# the good one\nTypes: deb\nURIs: http://deb.example.org/debian\nSuites: stable\nComponents: main\n\n"
      "Types: nonsense\nURIs: http://x\nSuites: y\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(root_.path() / "etc/apt/sources.list.d/mixed.sources"), RF_MISCONFIGURED);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_EQ(scan_.rows().size(), 1U);
}

// As a user without rights, which is what scans run as.
class WithoutRights {
 public:
  explicit WithoutRights(const AptRoot& root) : user_(geteuid()) {
    std::filesystem::permissions(root.path(), std::filesystem::perms(0755));
    EXPECT_TRUE(user_ != 0 || seteuid(65534) == 0);
  }
  ~WithoutRights() { EXPECT_EQ(seteuid(user_), 0); }

 private:
  uid_t user_;
};

TEST_F(AptIncomplete, names_sources_that_it_may_not_read) {
  root_.write("etc/apt/sources.list.d/private.list", "deb https://private.example.org/debian stable main\n");
  const auto file = root_.path() / "etc/apt/sources.list.d/private.list";
  std::filesystem::permissions(file, std::filesystem::perms::none);
  {
    const WithoutRights rights(root_);
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
  }
  EXPECT_EQ(scan_.fake.scopeStatus(file), RF_DENIED);
  EXPECT_TRUE(scan_.fake.reported("apt.source_unreadable"));
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_EQ(scan_.rows().size(), 1U);
  // Letting it be read changes no content; it is noticed all the same.
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(scan_.fake.reported("apt.source_unreadable"));
  EXPECT_TRUE(scan_.fake.reported("apt.no_lists"));
}

TEST_F(AptIncomplete, fails_where_it_may_not_read_the_pins) {
  root_.write("etc/apt/preferences.d/pins", "Package: tool\nPin: version 1.0\nPin-Priority: 1001\n");
  std::filesystem::permissions(root_.path() / "etc/apt/preferences.d/pins", std::filesystem::perms::none);
  const WithoutRights rights(root_);
  EXPECT_EQ(scan_.run(), rf::Status::kDenied);
  EXPECT_TRUE(scan_.fake.reported("apt.preferences_unreadable"));
  EXPECT_TRUE(scan_.rows().empty());
}

TEST_F(AptIncomplete, says_which_settings_do_not_count_because_it_may_not_read_them) {
  root_.write("etc/apt/apt.conf.d/proxy", "Acquire::http::Proxy \"http://user:secret@proxy.example.org\";\n");
  std::filesystem::permissions(root_.path() / "etc/apt/apt.conf.d/proxy", std::filesystem::perms::none);
  const WithoutRights rights(root_);
  EXPECT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.reported("apt.configuration_unreadable"));
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
}

TEST_F(AptIncomplete, fails_without_any_source) {
  root_.write("etc/apt/sources.list", "");
  EXPECT_EQ(scan_.run(), rf::Status::kMisconfigured);
  EXPECT_TRUE(scan_.fake.reported("apt.no_sources"));
}

TEST_F(AptIncomplete, fails_on_a_database_that_lost_every_package) {
  root_.write("var/lib/dpkg/status", "");
  for (const auto purpose : {RF_PURPOSE_UPDATES, RF_PURPOSE_INVENTORY}) {
    EXPECT_EQ(scan_.run(purpose), rf::Status::kPermanent) << purpose;
    EXPECT_TRUE(scan_.fake.reported("apt.database_empty")) << purpose;
    EXPECT_NE(scan_.fake.scopeStatus("dpkg"), RF_OK) << "nothing is installed, it would say";
  }
}

TEST_F(AptIncomplete, fails_on_settings_with_which_no_command_of_apt_works) {
  root_.write("etc/apt/apt.conf.d/50broken", "APT::Default-Release \"stable\"\n");
  EXPECT_EQ(scan_.run(), rf::Status::kPermanent);
  EXPECT_TRUE(scan_.fake.reported("apt.configuration"));
  EXPECT_TRUE(scan_.rows().empty());
}

TEST_F(AptIncomplete, fails_on_broken_preferences) {
  root_.write("etc/apt/preferences.d/bad", "Package: tool\nPin: version 1.0\n");
  EXPECT_EQ(scan_.run(), rf::Status::kPermanent);
  EXPECT_TRUE(scan_.fake.reported("apt.preferences_broken"));
}

TEST_F(AptIncomplete, fails_on_a_broken_list) {
  root_.write("var/lib/apt/lists/deb.example.org_debian_dists_stable_main_binary-amd64_Packages",
              "Package: tool\nVersion\n\n");
  EXPECT_EQ(scan_.run(), rf::Status::kTransient);
  EXPECT_TRUE(scan_.fake.reported("apt.lists_broken"));
  EXPECT_TRUE(scan_.rows().empty());
}

TEST_F(AptIncomplete, stops_believing_expired_lists) {
  root_.addArchive({.suite = "expired", .release_fields = "Valid-Until: Sat, 28 Nov 2020 00:53:02 UTC\n"},
                   {});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian expired"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.lists_stale"));
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  root_.append("etc/apt/apt.conf", "Acquire::Check-Valid-Until \"false\";\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian expired"), RF_OK);
}

TEST_F(AptIncomplete, expects_a_refresh_only_where_told_to) {
  const utimbuf long_ago{1'000'000'000, 1'000'000'000};
  for (const auto* folder : {"var/lib/apt/lists", "var/lib/apt/lists/partial"})
    ASSERT_EQ(utime((root_.path() / folder).c_str(), &long_ago), 0);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
  EXPECT_GT(scan_.fake.fact("lists.age_s").get<std::int64_t>(), 10 * 365 * 86'400);
  scan_.settings.refresh = plugin::Refresh::kSystem;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("apt.lists_stale"));
}

TEST_F(AptIncomplete, notices_an_interrupted_dpkg) {
  root_.write("var/lib/dpkg/updates/0001", "Package: tool\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_PERMANENT);
  EXPECT_TRUE(scan_.fake.reported("apt.dpkg_interrupted"));
  EXPECT_EQ(scan_.rows().size(), 1U) << "what is known is still said";
  EXPECT_TRUE(scan_.fake.state.empty()) << "and not kept";
}

TEST_F(AptIncomplete, notices_another_package_manager_at_work) {
  {
    const LockHolder holder(root_.path() / "var/lib/dpkg/lock-frontend");
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_TRANSIENT);
    EXPECT_TRUE(scan_.fake.reported("apt.dpkg_locked"));
  }
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus(kStable), RF_OK);
}

TEST_F(AptIncomplete, ends_as_its_only_source_did_where_dpkg_is_at_work_during_an_inventory) {
  {
    const LockHolder holder(root_.path() / "var/lib/dpkg/lock-frontend");
    EXPECT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kTransient) << "nothing answered for the whole";
    EXPECT_EQ(scan_.fake.scopeStatus("dpkg"), RF_TRANSIENT);
    EXPECT_EQ(scan_.fake.ofKind("package/1").size(), 1U) << "what is known is still said";
  }
  EXPECT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("dpkg"), RF_OK);
}

}  // namespace
}  // namespace redflag::test
