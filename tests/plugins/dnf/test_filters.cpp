// What excludes and version locks keep out is shown as blocked; everything else is what dnf says.
#include <gtest/gtest.h>

#include "scan_of.h"

namespace redflag::test {
namespace {

class DnfFilters : public testing::Test {
 protected:
  DnfFilters() : scan_(root_) { root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}, {"third", "1.0-1"}}); }

  void compare(const std::set<std::string>& expected) {
    root_.refresh();
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), expected);
    EXPECT_EQ(root_.upgradable(), expected);
  }
  std::string blockedBy(const std::string& name) const {
    return scan_.update(name).value("blocked_by", "none");
  }

  const std::vector<Rpm> newer_{{"tool", "2.0-1"}, {"other", "2.0-1"}, {"third", "2.0-1"}};
  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfFilters, excludes_of_dnf_conf_block) {
  root_.write("etc/dnf/dnf.conf", "[main]\nexclude=to*l\nexcludepkgs=third-2.0-1.x86_64\n");
  root_.addRepository({.id = "base"}, newer_);
  compare({"other x86_64 2.0-1 base"});
  EXPECT_EQ(blockedBy("tool"), "excluded");
  EXPECT_EQ(blockedBy("third"), "excluded");
  EXPECT_EQ(scan_.update("tool").at("candidate_version"), "2.0-1");
}

TEST_F(DnfFilters, excludes_of_a_repository_block_only_what_it_offers) {
  root_.addRepository({.id = "base", .lines = "excludepkgs=tool,other\n"}, newer_);
  root_.addRepository({.id = "extra"}, {{"tool", "1.5-1"}});
  compare({"tool x86_64 1.5-1 extra", "third x86_64 2.0-1 base"});
  EXPECT_EQ(blockedBy("other"), "excluded");
}

TEST_F(DnfFilters, includes_of_a_repository_leave_nothing_else_of_it) {
  root_.addRepository({.id = "base", .lines = "includepkgs=tool\n"}, newer_);
  compare({"tool x86_64 2.0-1 base"});
  EXPECT_EQ(blockedBy("third"), "excluded");
}

TEST_F(DnfFilters, disabled_excludes_do_not_block) {
  root_.write("etc/dnf/dnf.conf", "[main]\nexcludepkgs=tool\ndisable_excludes=all\n");
  root_.addRepository({.id = "base"}, newer_);
  compare({"other x86_64 2.0-1 base", "third x86_64 2.0-1 base", "tool x86_64 2.0-1 base"});
}

TEST_F(DnfFilters, version_locks_hold) {
  root_.addRepository({.id = "base"}, newer_);
  root_.addRepository({.id = "more"}, {{"third", "1.5-1"}, {"heir", "1.0-1", "Obsoletes: tool < 9\n"}});
  root_.lock("# added by hand\n\ntool-0:1.0-1.*\n!other-0:2.0-1.*\nthird-1.5*\n");
  compare({"third x86_64 1.5-1 more"});
  EXPECT_EQ(blockedBy("tool"), "held");
  EXPECT_EQ(blockedBy("other"), "held");
}

TEST_F(DnfFilters, locks_of_a_plugin_that_is_not_enabled_do_not_hold) {
  root_.addRepository({.id = "base"}, newer_);
  root_.write("etc/dnf/plugins/versionlock.list", "tool-0:1.0-1.*\n");
  root_.write("etc/dnf/plugins/versionlock.conf",
              "[main]\nenabled = 0\nlocklist = /etc/dnf/plugins/versionlock.list\n");
  compare({"other x86_64 2.0-1 base", "third x86_64 2.0-1 base", "tool x86_64 2.0-1 base"});
}

TEST_F(DnfFilters, a_list_of_locks_that_cannot_be_read_ends_the_scan) {
  root_.addRepository({.id = "base"}, newer_);
  root_.lock("tool\n");
  std::filesystem::remove(root_.path() / "etc/dnf/plugins/versionlock.list");
  root_.refresh();
  EXPECT_EQ(scan_.run(), rf::Status::kMisconfigured);
  EXPECT_TRUE(scan_.fake.reported("dnf.versionlock_unreadable"));
  EXPECT_TRUE(scan_.fake.records.empty());
}

}  // namespace
}  // namespace redflag::test
