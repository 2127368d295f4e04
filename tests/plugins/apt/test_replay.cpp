// A scan whose inputs did not change answers from what it kept, and says so; nothing else does.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "base/time.h"
#include "cache_place.h"
#include "picture.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

class AptReplay : public testing::Test {
 protected:
  AptReplay() : scan_(root_) {
    root_.install({"tool", "1.0"});
    root_.addLists({.suite = "stable", .release_fields = "Valid-Until: Fri, 01 Jan 2100 00:00:00 UTC\n"},
                   {{"tool", "1.1"}, {"more", "1.0"}});
    EXPECT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed());
  }
  bool replayed() const { return scan_.fake.reported("inputs.unchanged"); }

  AptRoot root_;
  ScanOf scan_;
};

TEST_F(AptReplay, says_the_same_again) {
  const auto first = scan_.fake.ofKind("update/1");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(replayed());
  EXPECT_EQ(scan_.fake.ofKind("update/1"), first);
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_OK);
}

TEST_F(AptReplay, repeats_nothing_older_where_there_is_no_place_for_what_came_after_it) {
  scan_.fake.no_place_for = "scan.picture";
  root_.append("etc/apt/sources.list", "# changed\n");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed());
  }
}

TEST_F(AptReplay, looks_again_to_verify) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_FALSE(replayed());
}

TEST_F(AptReplay, verifies_by_no_cache_that_is_as_old_as_the_second_of_a_change) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  const auto status = root_.path() / "var/lib/dpkg/status";
  const auto cache = std::filesystem::path(root_.cacheDir()) / "installed/pkgcache.bin";
  const auto second = std::filesystem::last_write_time(status);
  std::ostringstream text;
  text << std::ifstream(status).rdbuf();
  auto changed = text.str();
  changed.replace(changed.find("Version: 1.0"), 12, "Version: 1.1");
  std::ofstream(status) << changed;
  ASSERT_TRUE(std::filesystem::exists(cache));
  std::filesystem::last_write_time(cache.parent_path() / "lists", second - std::chrono::seconds(10));
  std::filesystem::last_write_time(status, second);
  std::filesystem::last_write_time(cache, second);
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.ofKind("update/1").empty()) << "1.1 is what dpkg now has";
}

TEST_F(AptReplay, leaves_nothing_of_a_cache_that_was_never_finished) {
  const auto place = std::filesystem::path(root_.cacheDir());
  for (const auto* name : {"pkgcache.bin.old", "srcpkgcache.bin.old", "pkgcache.bin.now"})
    std::ofstream(place / name) << "half";
  const auto before = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(11);
  for (const auto* name : {"pkgcache.bin.old", "srcpkgcache.bin.old"})
    std::filesystem::last_write_time(place / name, before);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(std::filesystem::exists(place / "pkgcache.bin.old"));
  EXPECT_FALSE(std::filesystem::exists(place / "srcpkgcache.bin.old"));
  EXPECT_TRUE(std::filesystem::exists(place / "pkgcache.bin.now")) << "somebody else may be at it";
}

TEST_F(AptReplay, looks_again_when_anything_it_reads_changed) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"var/lib/dpkg/status", "\n"},
      {"etc/apt/sources.list", "# changed\n"},
      {"etc/apt/preferences.d/new", "Package: tool\nPin: version 1.0\nPin-Priority: 1001\n"},
      {"etc/apt/apt.conf.d/new", "APT::Default-Release \"stable\";\n"},
      {"var/lib/apt/extended_states", "\n"},
      {"var/lib/apt/lists/new_InRelease", "Origin: x\n"},
      {"etc/machine-id", "\n"}};
  for (const auto& [file, text] : changes) {
    root_.append(file, text);
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << file;
    EXPECT_FALSE(replayed()) << file;
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << file;
    EXPECT_TRUE(replayed()) << file;
  }
  scan_.settings.refresh_after_s += 1;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
}

TEST_F(AptReplay, looks_again_when_a_list_expires) {
  scan_.fake.epoch_ns = 4'200'000'000 * kSecondNs;  // 2103
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_TRANSIENT);
}

TEST_F(AptReplay, looks_again_in_the_second_in_which_a_list_expires) {
  constexpr std::int64_t kLastGood = 4'102'444'800;  // the first of 2100
  scan_.fake.epoch_ns = kLastGood * kSecondNs;
  root_.append("etc/apt/sources.list", "# changed\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_OK);
  scan_.fake.epoch_ns += kSecondNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_TRANSIENT);
}

TEST_F(AptReplay, looks_again_once_a_clock_that_was_ahead_is_right) {
  const auto right = epochNow();
  scan_.fake.epoch_ns = 4'200'000'000 * kSecondNs;  // 2103
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_TRANSIENT);
  scan_.fake.epoch_ns = right;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian stable"), RF_OK);
}

TEST_F(AptReplay, looks_again_when_what_it_kept_is_damaged) {
  for (
      const auto* damaged :
      {"", "[]", R"({"archives":[[1]],"upgrades":[],"other_manager":"","good_from":0,"good_until":0})",
       R"({"archives":[],"upgrades":[],"other_manager":"","good_until":0})",
       R"({"archives":[],"upgrades":[],"other_manager":"","good_from":0,"good_until":1795934351179593435117959})",
       R"({"archives":[],"upgrades":[],"other_manager":"","good_from":0,"good_until":0.5})"}) {
    EXPECT_FALSE(apt::decodePicture(damaged)) << damaged;
    scan_.fake.state["scan.picture"] = damaged;
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed()) << damaged;
    EXPECT_EQ(scan_.rows().size(), 1U);
  }
}

TEST_F(AptReplay, keeps_every_part_of_a_picture) {
  apt::Picture picture;
  picture.archives = {{"a", std::nullopt, 0}, {"b", apt::Problem{RF_TRANSIENT, "apt.no_lists", "why"}, 0}};
  picture.upgrades = {{"a", "n", "all", "amd64", "1", "2", "s", "o", true, true, "held", 3, 4}};
  picture.other_manager = "unattended-upgrades";
  picture.good_from = 9;
  picture.good_until = 99;
  const auto read = apt::decodePicture(apt::encodePicture(picture));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(apt::encodePicture(*read), apt::encodePicture(picture));
  EXPECT_EQ(read->archives[1].problem->code, "apt.no_lists");
  EXPECT_EQ(read->upgrades[0].blocked_by, "held");
  EXPECT_EQ(read->good_from, 9);
  EXPECT_EQ(read->good_until, 99);
}

TEST_F(AptReplay, tells_of_reboots_and_other_managers) {
  root_.install({"unattended-upgrades", "2.9"});
  root_.write("etc/apt/apt.conf.d/20auto", "APT::Periodic::Unattended-Upgrade \"1\";\n");
  root_.write("run/reboot-required", "");
  root_.write("run/reboot-required.pkgs", "libc6\nlibc6\nlinux-image-6.1.0-40-amd64\n");
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(replayed(), round == 1);
    EXPECT_EQ(scan_.fake.fact("updates.other_manager"), "unattended-upgrades");
    EXPECT_EQ(scan_.fake.fact("reboot.required"), 1);
    EXPECT_EQ(scan_.fake.fact("reboot.reasons"), Json::array({"libc6", "linux-image-6.1.0-40-amd64"}));
  }
}

TEST_F(AptReplay, says_of_no_machine_that_it_needs_no_reboot_for_want_of_a_note) {
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.fact("reboot.required"), nullptr) << "a newer kernel may wait for one all the same";
}

TEST_F(AptReplay, tells_of_no_other_manager_where_nothing_periodic_runs) {
  root_.install({"unattended-upgrades", "2.9"});
  root_.write("etc/apt/apt.conf.d/20auto",
              "APT::Periodic::Enable \"0\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.fact("updates.other_manager").is_null());
  root_.write("etc/apt/apt.conf.d/20auto", "APT::Periodic::Unattended-Upgrade \"0\";\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.fact("updates.other_manager").is_null());
}

TEST_F(AptReplay, lists_what_is_installed_on_request) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kOk);
  const auto rows = scan_.fake.ofKind("package/1");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at("name"), "tool");
  EXPECT_EQ(rows[0].at("version"), "1.0");
  EXPECT_EQ(rows[0].at("scope"), "dpkg");
}

TEST(AptCachePlace, is_used_only_if_nobody_else_can_write_there) {
  AptRoot root;
  apt::Settings settings;
  settings.cache_dir = root.cacheDir();
  EXPECT_EQ(cachePlace(settings), root.cacheDir());
  std::filesystem::permissions(root.cacheDir(), std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(cachePlace(settings), "");
  std::filesystem::create_directory_symlink(root.path() / "run", root.path() / "link");
  settings.cache_dir = root.path() / "link";
  EXPECT_EQ(cachePlace(settings), "");
  settings.cache_dir = root.path() / "missing";
  EXPECT_EQ(cachePlace(settings), "");
}

TEST(AptSettings, refuse_what_the_schema_does_not_know) {
  EXPECT_TRUE(apt::parseSettings("{}").has_value());
  const auto full =
      apt::parseSettings(R"({"refresh":"system","refresh_after":"36h","root":"/","cache_dir":""})");
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->refresh, plugin::Refresh::kSystem);
  EXPECT_EQ(full->refresh_after_s, 36 * 3600);
  const auto own = apt::parseSettings(R"({"refresh":"private"})");
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->refresh, plugin::Refresh::kPrivate);
  EXPECT_EQ(own->refresh_after_s, 6 * 3600);
  for (const auto* bad : {"[]", R"({"refrsh":"never"})", R"({"refresh":"daily"})", R"({"refresh_after":""})",
                          R"({"root":7})", R"({"root":"/nowhere/at/all"})", "{"})
    EXPECT_FALSE(apt::parseSettings(bad).has_value()) << bad;
}

}  // namespace
}  // namespace redflag::test
