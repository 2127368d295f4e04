// What is upgradable, by apt's own opinion of the same system.
#include <apt-pkg/indexfile.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/sourcelist.h>
#include <gtest/gtest.h>

#include <chrono>

#include "candidates.h"
#include "fetched_root.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

// Recall and precision are both 1: the two sets are the same.
void expectWhatAptNames(ScanOf& scan, const AptRoot& root, std::size_t count) {
  ASSERT_EQ(scan.run(), rf::Status::kOk);
  const auto named_by_apt = root.upgradable();
  EXPECT_EQ(scan.rows(), named_by_apt);
  EXPECT_EQ(named_by_apt.size(), count) << "the fixture does not show what it should";
}

TEST(AptCandidates, names_what_apt_names_with_epochs_and_tildes) {
  FetchedRoot root;
  root.install({"epoch", "9.0-1"});
  root.install({"tilde", "1.0~rc1"});
  root.install({"same", "2.0"});
  root.install({"older", "3.0"});
  root.install({"revision", "1.0-9"});
  root.install({"local", "1.0"});
  root.install({"indep", "1.0", "", "all"});
  root.addArchive({"stable"}, {{"epoch", "1:1.0-1"},
                               {"tilde", "1.0"},
                               {"same", "2.0"},
                               {"older", "3.0~beta"},
                               {"revision", "1.0-10"},
                               {"indep", "1.1", "", "all"},
                               {"unrelated", "1.0"}});
  ScanOf scan(root);
  expectWhatAptNames(scan, root, 4);
  EXPECT_EQ(scan.update("indep").at("arch"), "all");
  EXPECT_EQ(scan.update("indep").at("key"), "indep:amd64");
}

TEST(AptCandidates, follows_pins_and_the_default_release) {
  FetchedRoot root;
  for (const auto* name : {"pinned-old", "forbidden", "from-backports", "plain"})
    root.install({name, "1.0"});
  root.addArchive({"stable"},
                  {{"pinned-old", "1.1"}, {"forbidden", "1.1"}, {"from-backports", "1.1"}, {"plain", "1.1"}});
  root.addArchive({.suite = "backports", .release_fields = "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"},
                  {{"pinned-old", "2.0"}, {"from-backports", "2.0"}, {"plain", "2.0"}});
  root.write("etc/apt/preferences.d/pins",
             "Package: pinned-old\nPin: version 1.0\nPin-Priority: 1001\n\n"
             "Package: forbidden\nPin: release n=stable\nPin-Priority: -1\n\n"
             "Package: from-backports\nPin: release n=backports\nPin-Priority: 600\n");
  ScanOf scan(root);
  expectWhatAptNames(scan, root, 2);
  EXPECT_EQ(scan.update("from-backports").at("candidate_version"), "2.0");
  root.append("etc/apt/apt.conf", "APT::Default-Release \"backports\";\n");
  expectWhatAptNames(scan, root, 2);
  EXPECT_EQ(scan.update("plain").at("candidate_version"), "2.0");
}

TEST(AptCandidates, tells_architectures_apart) {
  FetchedRoot root;
  root.addForeignArchitecture("i386");
  const std::string same = "Multi-Arch: same\n";
  root.install({"libboth", "1.0", same});
  root.install({"libboth", "1.0", same, "i386"});
  root.install({"foreign-only", "1.0", "", "i386"});
  root.addArchive(
      {"stable"},
      {{"libboth", "1.1", same}, {"libboth", "1.1", same, "i386"}, {"foreign-only", "1.2", "", "i386"}});
  ScanOf scan(root);
  expectWhatAptNames(scan, root, 3);
}

TEST(AptCandidates, leaves_out_what_is_not_installed_any_more) {
  FetchedRoot root;
  root.install({"gone", "1.0"}, "deinstall ok config-files");
  root.install({"here", "1.0"});
  root.addArchive({"stable"}, {{"gone", "1.1"}, {"here", "1.1"}});
  ScanOf scan(root);
  expectWhatAptNames(scan, root, 1);
}

TEST(AptCandidates, says_where_an_update_comes_from_and_how_large_it_is) {
  FetchedRoot root;
  root.install({"tool", "1.0"});
  root.addArchive({"stable"}, {{"tool", "1.1", "Source: tool-src (1.1)\n"}});
  ScanOf scan(root);
  ASSERT_EQ(scan.run(), rf::Status::kOk);
  const auto row = scan.update("tool");
  EXPECT_EQ(row.at("scope"), "deb.example.org/debian stable");
  EXPECT_EQ(row.at("origin"), "Test:stable");
  EXPECT_EQ(row.at("source_package"), "tool-src");
  EXPECT_EQ(row.at("download_bytes"), 1000);
  EXPECT_EQ(row.at("installed_bytes"), 7 * 1024);
  EXPECT_EQ(row.at("severity"), "unknown");
  EXPECT_FALSE(row.contains("blocked_by"));
}

// Translations make libapt's cache larger, which is read whole for each scan; but apt's own lists keep
// theirs.
TEST(AptCandidates, are_looked_for_without_translations) {
  FetchedRoot root;
  root.install({"tool", "1.0"});
  root.addArchive({"stable"}, {{"tool", "1.1"}});
  const ScanOf scan(root);
  for (const auto& [use, some] :
       {std::pair(apt::CacheUse::kMemory, true), std::pair(apt::CacheUse::kOwn, false)}) {
    ASSERT_TRUE(apt::configureApt(scan.settings, use).has_value());
    const auto session = apt::Session::open();
    ASSERT_TRUE(session.has_value());
    std::set<std::string> kinds;
    for (const auto* source : (*session)->sources())
      for (const auto& target : source->GetIndexTargets())
        kinds.insert(target.Option(IndexTarget::CREATED_BY));
    EXPECT_TRUE(kinds.contains("Packages"));
    EXPECT_EQ(kinds.contains("Translations"), some);
  }
}

TEST(AptCandidates, belong_to_their_archive_also_when_its_list_is_replaced_in_this_moment) {
  FetchedRoot root;
  root.install({"tool", "1.0"});
  root.addArchive({"stable"}, {{"tool", "1.1"}});
  ScanOf scan(root);
  ASSERT_TRUE(apt::configureApt(scan.settings, apt::CacheUse::kMemory).has_value());
  const auto session = apt::Session::open();
  ASSERT_TRUE(session.has_value());
  for (const auto& list : std::filesystem::directory_iterator(root.path() / "var/lib/apt/lists"))
    if (list.path().string().ends_with("_Packages"))
      std::filesystem::last_write_time(list, list.last_write_time() + std::chrono::hours(1));
  const auto archives = apt::readArchives((*session)->sources(), scan.settings, apt::systemLists(), 0);
  const auto candidates = apt::findCandidates(**session);
  ASSERT_EQ(candidates.size(), 1U);
  EXPECT_EQ(apt::Describer(**session, archives).describe(candidates[0]).scope,
            "deb.example.org/debian stable");
}

TEST(AptCandidates, calls_an_update_security_if_any_version_on_the_way_is) {
  FetchedRoot root;
  for (const auto* name : {"direct", "between", "below", "rebuilt", "neither"})
    root.install({name, "1.0"});
  root.addArchive(
      {"stable"},
      {{"direct", "1.1"}, {"between", "1.2"}, {"below", "1.2"}, {"rebuilt", "1.2"}, {"neither", "1.1"}});
  root.addArchive(
      {.suite = "stable-security", .label = "Debian-Security"},
      {{"direct", "1.1"}, {"between", "1.1"}, {"below", "0.9"}, {"rebuilt", "1.0", "Depends: direct\n"}});
  ScanOf scan(root);
  expectWhatAptNames(scan, root, 5);
  EXPECT_EQ(scan.update("direct").at("category"), "security");
  EXPECT_EQ(scan.update("direct").at("origin"), "Test:stable-security");
  EXPECT_EQ(scan.update("between").at("category"), "security");
  EXPECT_EQ(scan.update("below").at("category"), "unknown");
  EXPECT_EQ(scan.update("rebuilt").at("category"), "unknown") << "the version that is installed";
  EXPECT_EQ(scan.update("neither").at("category"), "unknown");
}

TEST(AptCandidates, know_kernels_by_the_names_that_distributions_give_them) {
  for (const auto* kernel :
       {"linux-image-amd64", "linux-image-6.8.0-45-generic", "linux-image-rpi-v8", "raspberrypi-kernel",
        "proxmox-kernel-6.8", "proxmox-kernel-6.8.12-4-pve-signed", "pve-kernel-5.15.158-2-pve"})
    EXPECT_TRUE(apt::isKernelImage(kernel)) << kernel;
  for (const auto* other :
       {"linux-image-", "linux-image-6.1.0-37-amd64-dbg", "linux-image-6.8.0-45-generic-dbgsym",
        "linux-headers-amd64", "proxmox-kernel-helper", "proxmox-kernel-", "pve-kernel-helper",
        "raspberrypi-kernel-headers", "pve-headers"})
    EXPECT_FALSE(apt::isKernelImage(other)) << other;
}

TEST(AptCandidates, names_what_apt_names_on_this_machine) {
  ScanOf scan{AptRoot()};
  scan.settings.root = "/";
  scan.settings.cache_dir = "/nowhere";
  ASSERT_EQ(scan.run(), rf::Status::kOk);
  const auto named_by_apt =
      upgradableRows(outputOf({"apt", "-qq", "list", "--upgradable"}, {"LC_ALL=C.UTF-8"}));
  EXPECT_EQ(scan.rows(), named_by_apt);
}

}  // namespace
}  // namespace redflag::test
