// Why an update could not be installed now.
#include <gtest/gtest.h>

#include <random>

#include "fetched_root.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

// apt's own simulated upgrade installs exactly what the scan calls installable.
void expectWhatAptWouldUpgrade(ScanOf& scan, const AptRoot& root, const std::string& about = {}) {
  ASSERT_EQ(scan.run(RF_PURPOSE_VERIFY), rf::Status::kOk) << about;
  std::set<std::string> installable;
  for (const auto& row : scan.fake.ofKind("update/1"))
    if (!row.contains("blocked_by"))
      installable.insert(row.at("name").get<std::string>() + " " +
                         row.at("candidate_version").get<std::string>());
  EXPECT_EQ(installable, root.upgraded()) << about;
}

TEST(AptBlockers, says_what_is_held) {
  FetchedRoot root;
  root.install({"held", "1.0"}, "hold ok installed");
  root.install({"free", "1.0"});
  root.addArchive({"stable"}, {{"held", "1.1"}, {"free", "1.1"}});
  ScanOf scan(root);
  expectWhatAptWouldUpgrade(scan, root);
  EXPECT_EQ(scan.blockedBy("held"), "held");
  EXPECT_EQ(scan.blockedBy("free"), "");
}

TEST(AptBlockers, keeps_back_what_needs_a_removal_but_not_what_needs_a_new_package) {
  FetchedRoot root;
  for (const auto* name : {"needs-new", "breaks-other", "other", "needs-missing", "wants-new-other"})
    root.install({name, "1.0"});
  root.addArchive({"stable"}, {{"needs-new", "2.0", "Depends: added\n"},
                               {"added", "1.0"},
                               {"breaks-other", "2.0", "Conflicts: other\n"},
                               {"needs-missing", "2.0", "Depends: nowhere\n"},
                               {"wants-new-other", "2.0", "Depends: other (>= 3)\n"}});
  ScanOf scan(root);
  expectWhatAptWouldUpgrade(scan, root);
  EXPECT_EQ(scan.blockedBy("needs-new"), "");
  EXPECT_EQ(scan.blockedBy("breaks-other"), "kept_back");
  EXPECT_EQ(scan.blockedBy("needs-missing"), "kept_back");
  EXPECT_EQ(scan.blockedBy("wants-new-other"), "kept_back");
}

TEST(AptBlockers, keeps_back_what_a_held_package_still_needs) {
  FetchedRoot root;
  root.install({"held", "1.0", "Depends: lib (= 1.0)\n"}, "hold ok installed");
  root.install({"lib", "1.0"});
  root.addArchive({"stable"}, {{"held", "2.0", "Depends: lib (= 2.0)\n"}, {"lib", "2.0"}});
  ScanOf scan(root);
  expectWhatAptWouldUpgrade(scan, root);
  EXPECT_EQ(scan.blockedBy("lib"), "kept_back");
}

TEST(AptBlockers, decides_phased_updates_by_machine_as_apt_does) {
  FetchedRoot root;
  std::vector<Package> offered;
  for (int i = 0; i < 40; ++i) {
    const auto name = "phased" + std::to_string(i);
    root.install({name, "1.0"});
    offered.push_back({name, "1.1", "Phased-Update-Percentage: 50\n"});
  }
  root.install({"urgent", "1.0"});
  offered.push_back({"urgent", "1.2", "Phased-Update-Percentage: 0\n"});
  root.addArchive({"stable"}, offered);
  root.addArchive({"stable-security"}, {{"urgent", "1.1"}});
  ScanOf scan(root);
  // Seen from outside another root is a chroot, in which apt takes every phased update.
  expectWhatAptWouldUpgrade(scan, root);
  EXPECT_EQ(scan.blockedBy("phased0"), "");
  // This process's own root, with the fixture's files: now apt decides by machine id.
  for (const auto* id : {"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"}) {
    const auto setting = "APT::Machine-ID \"" + std::string(id) + "\";\n";
    root.write("etc/apt/apt.conf.d/phased", setting + "APT::Get::Never-Include-Phased-Updates \"false\";\n");
    setenv("APT_CONFIG", (root.path() / "apt.conf").c_str(), 1);
    root.append("apt.conf", "Dir::Bin::ischroot \"/bin/false\";\n");
    scan.settings.root = "/";
    expectWhatAptWouldUpgrade(scan, root, id);
    unsetenv("APT_CONFIG");
    int phased = 0;
    for (int i = 0; i < 40; ++i)
      phased += scan.blockedBy("phased" + std::to_string(i)) == "phased" ? 1 : 0;
    EXPECT_GT(phased, 5);
    EXPECT_LT(phased, 35);
    EXPECT_EQ(scan.blockedBy("urgent"), "") << "a security update lies on the way";
  }
}

// Small random worlds: whatever they look like, apt's simulation has the last word. They are many, so that
// their lists are written and not fetched.
class RandomWorld {
 public:
  explicit RandomWorld(unsigned int seed) : random_(seed) {}

  void fill(const AptRoot& root) {
    std::vector<Package> offered;
    for (int i = 0; i < kPackages; ++i) {
      const auto name = nameOf(i);
      // What is installed depends on nothing but what is installed: the system itself is consistent.
      const bool installed = i < kInstalled;
      if (installed)
        root.install({name, "1", oldFields(i)}, pick(12) == 0 ? "hold ok installed" : "install ok installed");
      if (pick(4) != 0) offered.push_back({name, "2", newFields()});
    }
    root.addLists({"stable"}, offered);
  }

 private:
  static constexpr int kPackages = 18;
  static constexpr int kInstalled = 12;

  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  static std::string nameOf(int i) { return "p" + std::to_string(i); }

  std::string oldFields(int i) {
    std::string fields;
    if (pick(3) == 0) {
      const auto other = nameOf(pick(kInstalled));
      fields += "Depends: " + other + (pick(3) == 0 ? " (= 1)" : pick(2) == 0 ? " (<< 3)" : "") + "\n";
    }
    if (pick(6) == 0) fields += "Provides: v" + std::to_string(pick(3)) + "\n";
    if (pick(8) == 0) fields += "Breaks: " + nameOf((i + 1) % kInstalled) + " (>= 2)\n";
    return fields;
  }

  std::string newFields() {
    std::string fields;
    if (pick(3) == 0) {
      fields += "Depends: " + nameOf(pick(kPackages)) + (pick(3) == 0 ? " (>= 2)" : "");
      if (pick(3) == 0) fields += " | " + nameOf(pick(kPackages));
      if (pick(6) == 0) fields += ", v" + std::to_string(pick(3));
      fields += "\n";
    }
    if (pick(8) == 0)
      fields += "Conflicts: " + nameOf(pick(kPackages)) + (pick(2) == 0 ? " (<< 2)" : "") + "\n";
    if (pick(6) == 0) fields += "Provides: v" + std::to_string(pick(3)) + "\n";
    return fields;
  }

  std::mt19937 random_;
};

TEST(AptBlockers, agrees_with_apts_simulation_in_random_worlds) {
  int with_kept_back = 0;
  int without = 0;
  for (unsigned int seed = 1; seed <= 40; ++seed) {
    AptRoot root;
    RandomWorld(seed).fill(root);
    if (root.brokenFromTheStart()) continue;
    ScanOf scan(root);
    expectWhatAptWouldUpgrade(scan, root, "seed " + std::to_string(seed));
    bool any = false;
    for (const auto& row : scan.fake.ofKind("update/1"))
      any = any || row.value("blocked_by", "") == "kept_back";
    ++(any ? with_kept_back : without);
  }
  EXPECT_GT(with_kept_back, 5);
  EXPECT_GT(without, 5);
}

}  // namespace
}  // namespace redflag::test
