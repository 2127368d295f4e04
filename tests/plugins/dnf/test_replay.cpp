// A scan whose inputs did not change answers from what it kept, and says so; nothing else does.
#include <gtest/gtest.h>

#include "base/time.h"
#include "picture.h"
#include "scan_of.h"

namespace redflag::test {
namespace {

class DnfReplay : public testing::Test {
 protected:
  DnfReplay() : scan_(root_) {
    root_.install({{"tool", "1.0-1"}, {"base", "2:1.0-1", "", "noarch"}});
    root_.addRepository(
        {.id = "store", .advisories = {{"T-1", "security", "Low", {"CVE-2026-1"}, {{"tool", "1.1-1"}}}}},
        {{"tool", "1.1-1"}});
    root_.lock("unrelated\n");
    root_.refresh();
    EXPECT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed());
  }
  bool replayed() const { return scan_.fake.reported("inputs.unchanged"); }

  DnfRoot root_;
  ScanOf scan_;
};

TEST_F(DnfReplay, says_the_same_again_in_milliseconds) {
  const auto first = scan_.fake.ofKind("update/1");
  ASSERT_EQ(first.size(), 1U);
  const auto begin = monotonicNow();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_LT(monotonicNow() - begin, 100 * kMillisecondNs);
  EXPECT_TRUE(replayed());
  EXPECT_EQ(scan_.fake.ofKind("update/1"), first);
  EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_OK);
}

TEST_F(DnfReplay, repeats_nothing_older_where_there_is_no_place_for_what_came_after_it) {
  scan_.fake.no_place_for = "scan.picture";
  root_.append("etc/dnf/dnf.conf", "exclude=nothing\n");
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed());
  }
}

TEST_F(DnfReplay, looks_again_to_verify) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_FALSE(replayed());
}

TEST_F(DnfReplay, looks_again_when_anything_it_reads_changed) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"etc/dnf/dnf.conf", "exclude=nothing\n"},
      {"etc/yum.repos.d/store.repo", "# changed\n"},
      {"etc/dnf/modules.d/node.module", "[node]\nname=node\nstate=disabled\nstream=\nprofiles=\n"},
      {"etc/dnf/plugins/versionlock.list", "another\n"},
      {"var/cache/dnf/expired_repos.json", " "}};
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

TEST_F(DnfReplay, looks_again_when_a_variable_did_wherever_dnf_looks_for_them) {
  std::filesystem::create_directory(root_.path() / "etc/variables");
  root_.append("etc/dnf/dnf.conf", "varsdir=/etc/variables\n");
  for (const auto* value : {"1\n", "1.1\n"}) {
    root_.write("etc/variables/stage", value);
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << value;
    EXPECT_FALSE(replayed()) << value;
    ASSERT_EQ(scan_.run(), rf::Status::kOk) << value;
    EXPECT_TRUE(replayed()) << value;
  }
}

TEST_F(DnfReplay, looks_again_when_a_package_or_a_repository_did) {
  root_.install({{"more", "1.0-1"}});
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  root_.addRepository({.id = "store"}, {{"tool", "1.1-1"}, {"more", "1.1-1"}});
  root_.refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.rows(), root_.upgradable());
  EXPECT_EQ(scan_.rows().size(), 2U);
}

TEST_F(DnfReplay, looks_again_when_metadata_became_too_old) {
  scan_.settings.refresh = plugin::Refresh::kSystem;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(replayed());
  scan_.fake.epoch_ns = epochNow() + 49 * 3600 * kSecondNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_TRANSIENT);
}

TEST_F(DnfReplay, looks_again_once_a_clock_that_was_ahead_is_right) {
  scan_.settings.refresh = plugin::Refresh::kSystem;
  const auto right = epochNow();
  scan_.fake.epoch_ns = right + 49 * 3600 * kSecondNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_TRANSIENT);
  scan_.fake.epoch_ns = right;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_OK);
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(replayed());
}

TEST_F(DnfReplay, believes_metadata_of_a_time_far_ahead_only_once_that_is_near) {
  scan_.settings.refresh = plugin::Refresh::kSystem;
  const auto refreshed = epochNow();
  scan_.fake.epoch_ns = refreshed - 49 * 3600 * kSecondNs;
  for (const bool again : {false, true}) {
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(replayed(), again);
    EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_TRANSIENT);
    EXPECT_TRUE(scan_.fake.reported("dnf.metadata_stale"));
  }
  scan_.fake.epoch_ns = refreshed - 47 * 3600 * kSecondNs;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_FALSE(replayed());
  EXPECT_EQ(scan_.fake.scopeStatus("store"), RF_OK);
}

TEST_F(DnfReplay, looks_again_when_what_it_kept_is_damaged) {
  for (const auto* damaged :
       {"", "[]", R"({"sources":[[1]],"upgrades":[],"good_from":0,"good_until":0})",
        R"({"sources":[],"upgrades":[],"good_until":0})",
        R"({"sources":[],"upgrades":[],"good_from":0,"good_until":1795934351179593435117959})",
        R"({"sources":[],"upgrades":[],"good_from":0,"good_until":0.5})"}) {
    EXPECT_FALSE(dnf::decodePicture(damaged)) << damaged;
    scan_.fake.state["scan.picture"] = damaged;
    ASSERT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_FALSE(replayed()) << damaged;
    EXPECT_EQ(scan_.rows().size(), 1U);
  }
}

TEST_F(DnfReplay, keeps_every_part_of_a_picture) {
  dnf::Picture picture;
  picture.sources = {{"a", std::nullopt, 7}, {"b", dnf::Problem{RF_TRANSIENT, "dnf.no_metadata", "why"}, 0}};
  picture.upgrades = {{"a",
                       "n",
                       "x86_64",
                       "1",
                       "2",
                       "s",
                       "m:1",
                       "security",
                       "high",
                       "held",
                       {"A"},
                       {"C", "D"},
                       5,
                       true,
                       3,
                       4}};
  picture.good_from = 9;
  picture.good_until = 99;
  const auto read = dnf::decodePicture(dnf::encodePicture(picture));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(dnf::encodePicture(*read), dnf::encodePicture(picture));
  EXPECT_EQ(read->sources[1].problem->code, "dnf.no_metadata");
  EXPECT_EQ(read->upgrades[0].cves, (std::vector<std::string>{"C", "D"}));
  EXPECT_EQ(read->good_from, 9);
  EXPECT_EQ(read->good_until, 99);
}

TEST_F(DnfReplay, tells_of_another_program_that_installs_updates) {
  EXPECT_TRUE(scan_.fake.fact("updates.other_manager").is_null());
  std::filesystem::create_directories(root_.path() / "etc/systemd/system/timers.target.wants");
  std::filesystem::create_symlink(
      "/usr/lib/systemd/system/dnf-automatic.timer",
      root_.path() / "etc/systemd/system/timers.target.wants/dnf-automatic.timer");
  root_.write("etc/dnf/automatic.conf", "[commands]\napply_updates = no\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.fact("updates.other_manager").is_null());
  root_.write("etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n");
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.fact("updates.other_manager"), "dnf-automatic");
}

TEST_F(DnfReplay, lists_what_is_installed_on_request) {
  ASSERT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kOk);
  std::set<std::string> rows;
  for (const auto& row : scan_.fake.ofKind("package/1")) {
    rows.insert(row.at("key").get<std::string>());
    EXPECT_EQ(row.at("scope"), "rpm");
    EXPECT_LT(std::abs(epochNow() - row.at("installed_at").get<std::int64_t>()), 600 * kSecondNs);
  }
  EXPECT_EQ(rows, root_.installed());
  EXPECT_TRUE(rows.contains("base-2:1.0-1.noarch"));
}

TEST(DnfSettings, refuse_what_the_schema_does_not_know) {
  EXPECT_TRUE(dnf::parseSettings("{}").has_value());
  const auto full = dnf::parseSettings(R"({"refresh":"system","refresh_after":"36h","root":"/tmp//"})");
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(full->refresh, plugin::Refresh::kSystem);
  EXPECT_EQ(full->refresh_after_s, 36 * 3600);
  EXPECT_EQ(full->root, "/tmp");
  const auto own = dnf::parseSettings(R"({"refresh":"private","cache_dir":"/tmp"})");
  ASSERT_TRUE(own.has_value());
  EXPECT_EQ(own->refresh, plugin::Refresh::kPrivate);
  EXPECT_EQ(own->refresh_after_s, 6 * 3600);
  const auto unknown = dnf::parseSettings(R"({"refresh":"weekly"})");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().text.find("never, system or private, not weekly"), std::string::npos)
      << unknown.error().text;
  for (const auto* bad : {"[]", R"({"refrsh":"never"})", R"({"refresh":7})", R"({"root":7})",
                          R"({"root":"/nowhere/at/all"})", "{"})
    EXPECT_FALSE(dnf::parseSettings(bad).has_value()) << bad;
}

}  // namespace
}  // namespace redflag::test
