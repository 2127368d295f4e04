// What the other tests of apt's scan do not have of the thirty situations in README.md: the same rows as
// apt's own list, the same installable ones as apt's own simulation.
#include <gtest/gtest.h>

#include "fetched_root.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

class AptScenario : public testing::Test {
 protected:
  AptScenario() : scan_(root_) {}

  // What it names is what apt lists, and what it calls installable is what apt's simulated upgrade would
  // upgrade.
  void expectApt(std::size_t named) {
    ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), root_.upgradable());
    EXPECT_EQ(scan_.rows().size(), named) << "the fixture does not show what it should";
    std::set<std::string> installable;
    for (const auto& row : scan_.fake.ofKind("update/1"))
      if (!row.contains("blocked_by"))
        installable.insert(row.at("name").get<std::string>() + " " +
                           row.at("candidate_version").get<std::string>());
    EXPECT_EQ(installable, root_.upgraded());
  }

  FetchedRoot root_;
  ScanOf scan_;
};

TEST_F(AptScenario, leaves_alone_what_is_not_automatic_and_what_a_pin_would_downgrade) {
  for (const auto* name : {"experimental-only", "both", "backwards"})
    root_.install({name, "1.0"});
  root_.addArchive({"stable"}, {{"both", "1.1"}, {"backwards", "0.9"}});
  root_.addArchive({.suite = "experimental", .release_fields = "NotAutomatic: yes\n"},
                   {{"experimental-only", "2.0"}, {"both", "2.0"}});
  root_.write("etc/apt/preferences.d/pins", "Package: backwards\nPin: version 0.9\nPin-Priority: 1001\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), root_.upgradable());
  EXPECT_EQ(scan_.rows().size(), 1U);
  EXPECT_EQ(scan_.update("both").at("candidate_version"), "1.1");
}

TEST_F(AptScenario, knows_what_no_archive_has) {
  root_.install({"built-here", "5.0"});
  root_.install({"newer-than-offered", "2.0+local1"});
  root_.install({"usual", "1.0"});
  root_.addArchive({"stable"}, {{"newer-than-offered", "2.0"}, {"usual", "1.1"}});
  expectApt(1);
}

TEST_F(AptScenario, names_a_version_that_was_built_anew) {
  root_.install({"lib", "1.0"});
  root_.install({"rebuilt", "1.0", "Depends: lib\n"});
  root_.addArchive({"stable"}, {{"lib", "1.1"}, {"rebuilt", "1.0", "Depends: lib (>= 1.0)\n"}});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), root_.upgradable()) << "apt knows a version by more than its number";
}

TEST_F(AptScenario, keeps_architectures_of_one_library_together) {
  root_.addForeignArchitecture("i386");
  const std::string same = "Multi-Arch: same\n";
  root_.install({"libboth", "1.0", same});
  root_.install({"libboth", "1.0", same, "i386"});
  root_.addArchive({"stable"}, {{"libboth", "1.1", same}, {"libboth", "1.0", same, "i386"}});
  expectApt(1);
  EXPECT_EQ(scan_.blockedBy("libboth"), "kept_back");
}

TEST_F(AptScenario, follows_virtual_packages) {
  root_.install({"agent-a", "1.0", "Provides: mail-agent\n"});
  root_.install({"client", "1.0", "Depends: mail-agent\n"});
  root_.install({"stuck", "1.0"});
  root_.install({"grows", "1.0"});
  root_.addArchive({"stable"}, {{"agent-a", "1.1", "Provides: mail-agent (= 1.1)\n"},
                                {"client", "1.1", "Depends: mail-agent (>= 1.1)\n"},
                                {"stuck", "1.1", "Depends: nobody-provides-this\n"},
                                {"grows", "1.1", "Depends: storage-engine\n"},
                                {"engine", "1.0", "Provides: storage-engine\n"}});
  expectApt(4);
  EXPECT_EQ(scan_.blockedBy("client"), "");
  EXPECT_EQ(scan_.blockedBy("stuck"), "kept_back");
  EXPECT_EQ(scan_.blockedBy("grows"), "") << "a new package provides it";
}

TEST_F(AptScenario, keeps_back_what_takes_anothers_place) {
  root_.install({"old-name", "1.0"});
  root_.install({"user", "1.0", "Depends: old-name\n"});
  root_.addArchive({"stable"},
                   {{"user", "1.1", "Depends: new-name\n"},
                    {"new-name", "2.0", "Provides: old-name\nConflicts: old-name\nReplaces: old-name\n"}});
  expectApt(1);
  EXPECT_EQ(scan_.blockedBy("user"), "kept_back") << "the old one would have to go";
}

TEST_F(AptScenario, takes_new_recommendations_as_apt_does) {
  root_.install({"tool", "1.0"});
  root_.install({"other", "1.0"});
  root_.addArchive({"stable"}, {{"tool", "1.1", "Recommends: helper\n"},
                                {"helper", "1.0"},
                                {"other", "1.1", "Recommends: nowhere\n"}});
  expectApt(2);
  EXPECT_EQ(scan_.blockedBy("tool"), "") << "what it recommends can be had";
  EXPECT_EQ(scan_.blockedBy("other"), "kept_back") << "apt waits for what is newly recommended";
}

TEST_F(AptScenario, still_names_what_is_half_configured) {
  root_.install({"half", "1.0"}, "install ok half-configured");
  root_.install({"unpacked", "1.0"}, "install ok unpacked");
  root_.install({"whole", "1.0"});
  root_.addArchive({"stable"}, {{"half", "1.1"}, {"unpacked", "1.1"}, {"whole", "1.1"}});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), root_.upgradable());
  EXPECT_EQ(scan_.rows().size(), 3U);
}

}  // namespace
}  // namespace redflag::test
