// Which updates there are is what dnf says.
#include <gtest/gtest.h>

#include "scan_of.h"

namespace redflag::test {
namespace {

using Rows = std::set<std::string>;

class DnfCandidates : public testing::Test {
 protected:
  DnfCandidates() : scan_(root_) {}

  // Scans; what it finds must be what dnf finds.
  void compare(const Rows& expected) {
    root_.refresh();
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), expected);
    EXPECT_EQ(root_.upgradable(), expected);
    EXPECT_EQ(scan_.advised(), root_.advised());
  }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfCandidates, are_newer_versions_of_what_is_installed) {
  root_.install({{"tool", "1.0-1"}, {"same", "1.0-1"}, {"ahead", "3.0-1"}});
  root_.addRepository(
      {.id = "base"},
      {{"tool", "1.1-1"}, {"tool", "1.2-1"}, {"same", "1.0-1"}, {"ahead", "2.0-1"}, {"stranger", "1.0-1"}});
  compare({"tool x86_64 1.2-1 base"});
  const auto row = scan_.update("tool");
  EXPECT_EQ(row.at("key"), "tool.x86_64");
  EXPECT_EQ(row.at("installed_version"), "1.0-1");
  EXPECT_EQ(row.at("source_package"), "tool");
  EXPECT_EQ(row.at("category"), "unknown");
  EXPECT_EQ(row.at("severity"), "unknown");
  EXPECT_EQ(row.at("download_bytes"), std::filesystem::file_size(rpmFile({"tool", "1.2-1"})));
  EXPECT_EQ(row.at("scope"), "base");
  EXPECT_FALSE(row.contains("blocked_by"));
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

TEST_F(DnfCandidates, are_compared_by_epoch_tilde_and_caret) {
  root_.install({{"epoch", "1:9.0-1"}, {"tilde", "1.0~rc1-1"}, {"caret", "1.0-1"}, {"back", "1.0-1"}});
  root_.addRepository(
      {.id = "base"},
      {{"epoch", "2:0.1-1"}, {"tilde", "1.0-1"}, {"caret", "1.0^git1-1"}, {"back", "1.0~beta-1"}});
  compare({"epoch x86_64 2:0.1-1 base", "tilde x86_64 1.0-1 base", "caret x86_64 1.0^git1-1 base"});
}

TEST_F(DnfCandidates, are_there_for_each_architecture_of_a_package) {
  const std::string i686 = "i686";
  root_.install({{"lib", "1.0-1"},
                 {"lib", "1.0-1", "", i686},
                 {"half", "1.0-1", "", i686},
                 {"shift", "1.0-1", "", "noarch"}});
  root_.addRepository({.id = "base"},
                      {{"lib", "1.1-1"}, {"lib", "1.1-1", "", i686}, {"half", "1.1-1"}, {"shift", "1.1-1"}});
  compare({"lib x86_64 1.1-1 base", "lib i686 1.1-1 base", "shift x86_64 1.1-1 base"});
  EXPECT_EQ(scan_.update("shift").at("installed_version"), "1.0-1");
}

TEST_F(DnfCandidates, include_packages_that_obsolete_installed_ones) {
  root_.install({{"old", "1.0-1", "", "noarch"}, {"tool", "1.0-1"}});
  root_.addRepository({.id = "base"},
                      {{"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}, {"tool", "1.1-1"}});
  compare({"new noarch 2.0-1 base", "tool x86_64 1.1-1 base"});
  EXPECT_FALSE(scan_.update("new").contains("installed_version"));
}

TEST_F(DnfCandidates, leave_out_obsoleting_packages_where_dnf_does) {
  root_.write("etc/dnf/dnf.conf", "[main]\nobsoletes=0\n");
  root_.install({{"old", "1.0-1", "", "noarch"}});
  root_.addRepository({.id = "base"}, {{"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  compare({});
}

TEST_F(DnfCandidates, come_from_the_repository_with_the_best_priority_even_if_older) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository({.id = "trusted", .lines = "priority=10\n"}, {{"tool", "1.1-1"}});
  root_.addRepository({.id = "wide"}, {{"tool", "9.0-1"}, {"other", "2.0-1"}});
  compare({"tool x86_64 1.1-1 trusted", "other x86_64 2.0-1 wide"});
}

TEST_F(DnfCandidates, in_several_repositories_are_one_update_from_the_one_that_costs_less) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "dear"}, {{"tool", "1.1-1"}});
  root_.addRepository({.id = "cheap", .lines = "cost=500\n"}, {{"tool", "1.1-1"}});
  root_.refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"tool x86_64 1.1-1 cheap"});
  EXPECT_FALSE(scan_.update("tool").contains("blocked_by"));
  // dnf names both here, and installs the cheap one.
  EXPECT_EQ(root_.upgradable(), (Rows{"tool x86_64 1.1-1 cheap", "tool x86_64 1.1-1 dear"}));
  EXPECT_EQ(root_.dnf({"-C", "-y", "upgrade", "--downloadonly"}).output.find(" dear "), std::string::npos);
}

TEST_F(DnfCandidates, come_from_repositories_of_the_installed_release) {
  root_.install(
      {{"tool", "1.0-1"}, {"release", "9.4-1", "Provides: system-release(releasever) = 9\n", "noarch"}});
  root_.addRepository({.id = "base9"}, {{"tool", "1.1-1"}});
  std::filesystem::create_directory(root_.path() / "etc/dnf/vars");
  root_.write("etc/dnf/vars/flavour", "base\n");
  root_.write("etc/yum.repos.d/base9.repo", "[base$releasever]\nname=$basearch\nbaseurl=file://" +
                                                root_.path().string() +
                                                "/repositories/$flavour$releasever\ngpgcheck=0\n");
  compare({"tool x86_64 1.1-1 base9"});
}

// As EPEL's are for the tenth release of Red Hat's kind.
TEST_F(DnfCandidates, come_from_repositories_whose_address_is_made_of_the_parts_of_a_release) {
  root_.install(
      {{"tool", "1.0-1"},
       {"release", "10.1-5",
        "Provides: system-release(releasever) = 10\nProvides: system-release(releasever_major) = 10\n"
        "Provides: system-release(releasever_minor) = 1\n",
        "noarch"}});
  root_.addRepository({.id = "epel-10.1"}, {{"tool", "1.1-1"}});
  root_.addRepository({.id = "epel-9.4"}, {{"tool", "1.2-1"}});
  root_.refresh();
  std::filesystem::remove(root_.path() / "etc/yum.repos.d/epel-9.4.repo");
  // Older versions of dnf do not know these variables: what they fetched is where newer ones put it.
  root_.write("etc/yum.repos.d/epel-10.1.repo",
              "[epel-$releasever_major.$releasever_minor]\nname=$releasever\nbaseurl=file://" +
                  root_.path().string() +
                  "/repositories/epel-${releasever_major}.${releasever_minor}\ngpgcheck=0\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"tool x86_64 1.1-1 epel-10.1"});
  EXPECT_EQ(scan_.fake.scopeStatus("epel-10.1"), RF_OK);
  std::filesystem::create_directory(root_.path() / "etc/dnf/vars");
  root_.write("etc/dnf/vars/releasever", "9.4\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"tool x86_64 1.2-1 epel-9.4"})
      << "what somebody has set counts, and its parts";
}

// As on Oracle Linux outside of its maker's cloud, which has yum$ociregion.$ocidomain in every address.
TEST_F(DnfCandidates, come_from_repositories_in_whose_address_a_variable_stands_for_nothing) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "yum.base"}, {{"tool", "1.1-1"}});
  std::filesystem::create_directory(root_.path() / "etc/dnf/vars");
  root_.write("etc/dnf/vars/ociregion", "");
  root_.write("etc/dnf/vars/ocidomain", "base\r\nnot a value\n");
  root_.write("etc/yum.repos.d/yum.base.repo", "[ol9]\nname=$basearch\nbaseurl=file://" +
                                                   root_.path().string() +
                                                   "/repositories/yum$ociregion.$ocidomain\ngpgcheck=0\n");
  compare({"tool x86_64 1.1-1 ol9"});
}

// As yum's dnf.conf had it, which was carried over to many a machine.
TEST_F(DnfCandidates, are_found_in_a_cache_whose_path_has_variables_in_it) {
  root_.write("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\ncachedir=/var/cache/dnf/$basearch/$releasever\n");
  root_.install(
      {{"tool", "1.0-1"}, {"release", "9.4-1", "Provides: system-release(releasever) = 9\n", "noarch"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  compare({"tool x86_64 1.1-1 base"});
  root_.publish({.id = "base"}, {{"tool", "1.1-1"}, {"tool", "1.2-1"}});
  compare({"tool x86_64 1.2-1 base"});
}

TEST_F(DnfCandidates, come_from_no_file_that_is_hidden_from_dnf) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  root_.write("etc/yum.repos.d/.ansible_tmp1k3x9base.repo",
              "[base]\nname=base\nbaseurl=http://old.example.org/base\ngpgcheck=0\n");
  compare({"tool x86_64 1.1-1 base"});
}

TEST_F(DnfCandidates, of_a_kernel_are_compared_with_the_newest_installed) {
  const std::string kernel = "Provides: installonlypkg(kernel)\n";
  root_.install({{"kernel", "6.1-1", kernel}, {"kernel", "6.2-1", kernel}});
  root_.addRepository({.id = "base"}, {{"kernel", "6.1-9", kernel}, {"kernel", "6.3-1", kernel}});
  compare({"kernel x86_64 6.3-1 base"});
  EXPECT_EQ(scan_.update("kernel").at("installed_version"), "6.2-1");
  EXPECT_EQ(scan_.update("kernel").at("needs_reboot"), 1) << "as its plan will say";
}

TEST_F(DnfCandidates, of_a_kernel_that_is_not_red_hats_want_a_reboot_too) {
  const std::string kernel = "Provides: installonlypkg(kernel)\n";
  root_.install({{"kernel-uek-core", "5.15.0-1", kernel}, {"kernel-uek-devel", "5.15.0-1", kernel}});
  root_.addRepository({.id = "uek"},
                      {{"kernel-uek-core", "5.15.0-2", kernel}, {"kernel-uek-devel", "5.15.0-2", kernel}});
  compare({"kernel-uek-core x86_64 5.15.0-2 uek", "kernel-uek-devel x86_64 5.15.0-2 uek"});
  EXPECT_EQ(scan_.update("kernel-uek-core").at("needs_reboot"), 1);
  EXPECT_FALSE(scan_.update("kernel-uek-devel").contains("needs_reboot")) << "nothing runs it";
}

TEST_F(DnfCandidates, whose_dependencies_nobody_offers_are_kept_back) {
  root_.install({{"tool", "1.0-1"}, {"fine", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: nobody-has-this\n"}, {"fine", "2.0-1"}});
  compare({"tool x86_64 2.0-1 base", "fine x86_64 2.0-1 base"});
  EXPECT_EQ(scan_.update("tool").at("blocked_by"), "kept_back");
  EXPECT_FALSE(scan_.update("fine").contains("blocked_by"));
}

TEST_F(DnfCandidates, that_depend_on_a_file_are_not_kept_back_by_lists_that_were_left_out) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: /opt/vendor/file\n"},
                                       {"vendor", "1.0-1", "", "noarch", "", "/opt/vendor/file"}});
  compare({"tool x86_64 2.0-1 base"});
  EXPECT_FALSE(scan_.update("tool").contains("blocked_by"));
}

TEST_F(DnfCandidates, are_none_where_everything_is_up_to_date) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.0-1"}});
  compare({});
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

}  // namespace
}  // namespace redflag::test
