// Situations of dependencies. Which updates there are is what dnf says; which could be installed now is what
// it would do: an upgrade with --downloadonly, that nothing could come in the way of, downloads exactly
// these.
#include <gmock/gmock.h>

#include "scan_of.h"

namespace redflag::test {
namespace {

using Rows = std::set<std::string>;

class DnfScenario : public testing::Test {
 protected:
  DnfScenario() : scan_(root_) {}

  void compare(const Rows& candidates, const Rows& installable) {
    root_.refresh();
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(scan_.rows(), candidates);
    EXPECT_EQ(root_.upgradable(), candidates);
    Rows free;
    for (const auto& row : scan_.fake.ofKind("update/1"))
      if (!row.contains("blocked_by")) free.insert(row.at("name"));
    EXPECT_EQ(free, installable);
    const auto said = root_.dnf({"-C", "-y", "upgrade", "--downloadonly"}).output;
    for (const auto& candidate : candidates) {
      const auto name = candidate.substr(0, candidate.find(' '));
      // "tool   x86_64   2.0-1   base   6.1 k", among what is upgraded or installed, not among what is
      // skipped.
      const auto taken = said.substr(0, said.find("Skipping packages"));
      EXPECT_EQ(taken.find("\n " + name + " ") != std::string::npos, installable.contains(name))
          << name << said;
    }
  }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfScenario, a_new_dependency_comes_along_and_is_no_update_itself) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: helper >= 1\n"}, {"helper", "1.0-1"}});
  compare({"tool x86_64 2.0-1 base"}, {"tool"});
}

TEST_F(DnfScenario, a_new_dependency_from_another_repository) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: helper\n"}});
  root_.addRepository({.id = "extras"}, {{"helper", "1.0-1"}});
  compare({"tool x86_64 2.0-1 base"}, {"tool"});
}

TEST_F(DnfScenario, a_dependency_that_only_a_disabled_repository_has) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: helper\n"}});
  root_.addRepository({.id = "extras"}, {{"helper", "1.0-1"}, {"tool", "3.0-1"}});
  const auto folder = (root_.path() / "repositories/extras").string();
  root_.write("etc/yum.repos.d/extras.repo",
              "[extras]\nname=extras\nbaseurl=file://" + folder + "\nenabled=0\n");
  compare({"tool x86_64 2.0-1 base"}, {});
}

TEST_F(DnfScenario, a_conflict_with_what_stays) {
  root_.install({{"tool", "1.0-1"}, {"rival", "1.0-1"}, {"fine", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Conflicts: rival\n"}, {"fine", "2.0-1"}});
  compare({"tool x86_64 2.0-1 base", "fine x86_64 2.0-1 base"}, {"fine"});
}

TEST_F(DnfScenario, what_something_installed_needs_as_it_is) {
  root_.install({{"lib", "1.0-1"}, {"user", "1.0-1", "Requires: lib = 1.0\n"}});
  root_.addRepository({.id = "base"}, {{"lib", "2.0-1"}});
  compare({"lib x86_64 2.0-1 base"}, {});
}

TEST_F(DnfScenario, two_that_fit_only_together) {
  root_.install({{"front", "1.0-1", "Requires: back = 1.0\n"}, {"back", "1.0-1", "Requires: front = 1.0\n"}});
  root_.addRepository({.id = "base"}, {{"front", "2.0-1", "Requires: back = 2.0\n"},
                                       {"back", "2.0-1", "Requires: front = 2.0\n"}});
  compare({"front x86_64 2.0-1 base", "back x86_64 2.0-1 base"}, {"front", "back"});
}

TEST_F(DnfScenario, one_of_two_that_belong_together_is_missing) {
  root_.install({{"front", "1.0-1", "Requires: back = 1.0\n"}, {"back", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"front", "2.0-1", "Requires: back = 2.0\n"}});
  compare({"front x86_64 2.0-1 base"}, {});
}

TEST_F(DnfScenario, a_recommendation_that_nobody_has) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Recommends: nobody-has-this\n"}});
  compare({"tool x86_64 2.0-1 base"}, {"tool"});
}

TEST_F(DnfScenario, a_dependency_with_an_or) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: (nobody-has-this or other)\n"}});
  compare({"tool x86_64 2.0-1 base"}, {"tool"});
}

TEST_F(DnfScenario, a_virtual_dependency_that_a_new_package_provides) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: mail-server\n"},
                                       {"postoffice", "1.0-1", "Provides: mail-server = 1\n"}});
  compare({"tool x86_64 2.0-1 base"}, {"tool"});
}

// Whoever has the package gets the part that takes its place, and no longer both.
TEST_F(DnfScenario, a_package_that_was_split) {
  root_.install({{"suite", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"suite", "2.0-1", "Requires: suite-libs = 2.0\n"},
                                       {"suite-libs", "2.0-1", "Obsoletes: suite < 2.0\n"}});
  compare({"suite x86_64 2.0-1 base", "suite-libs x86_64 2.0-1 base"}, {"suite-libs"});
}

TEST_F(DnfScenario, a_repository_that_only_has_older_versions) {
  root_.install({{"tool", "5.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "4.0-1"}, {"tool", "4.9-9"}});
  compare({}, {});
}

}  // namespace
}  // namespace redflag::test
