// What is not asked again, and what a scan says of the machine besides.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "picture.h"
#include "recorded_dnf5.h"
#include "scan.h"
#include "support/lock_holder.h"
#include "support/scan_run.h"

namespace redflag::test {
namespace {

class Dnf5Replay : public testing::Test {
 protected:
  Dnf5Replay() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-dnf5-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    scan_.settings.root = root_;
    scan_.fake.epoch_ns = 1'795'934'400LL * 1'000'000'000;  // soon after the recording
    scan_.fake.exec = [this](const std::vector<std::string>& argv) { return dnf5_(argv); };
  }
  ~Dnf5Replay() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  bool isReplay() {
    EXPECT_EQ(scan_.run(), rf::Status::kOk);
    return scan_.fake.reported("inputs.unchanged");
  }

  std::filesystem::path root_;
  RecordedDnf5 dnf5_;
  ScanRun<dnf5::Scan, dnf5::Settings> scan_;
};

TEST_F(Dnf5Replay, asks_dnf5_again_only_once_something_has_changed_that_it_reads) {
  const std::vector<std::string> read{"usr/bin/dnf5",
                                      "etc/os-release",
                                      "etc/dnf/dnf.conf",
                                      "etc/dnf/libdnf5-plugins/actions.d/a.actions",
                                      "etc/yum.repos.d/a.repo",
                                      "etc/distro.repos.d/b.repo",
                                      "etc/rpm/platform",
                                      "usr/share/dnf5/repos.override.d/c.repo",
                                      "usr/lib/sysimage/rpm/rpmdb.sqlite",
                                      "usr/lib/sysimage/libdnf5/modules.toml",
                                      "var/cache/libdnf5/base-1/repodata/repomd.xml"};
  for (const auto& file : read)
    write(file, "1");
  ASSERT_FALSE(isReplay());
  const auto rows = scan_.fake.records;
  ASSERT_EQ(scan_.blockedBy("need"), "kept_back");
  dnf5_.asked.clear();
  EXPECT_TRUE(isReplay());
  EXPECT_TRUE(dnf5_.asked.empty());
  EXPECT_EQ(scan_.fake.records, rows);
  for (const auto& file : read) {
    write(file, "changed");
    EXPECT_FALSE(isReplay()) << file;
    EXPECT_TRUE(isReplay()) << file;
  }
  for (const auto* file :
       {"usr/lib/sysimage/rpm/rpmdb.sqlite-shm", "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
        "var/cache/libdnf5/base-1/solv/base.solv", "var/cache/libdnf5/base-1/packages/tool.rpm"}) {
    write(file, std::string(file).ends_with("-wal") ? "" : "1");
    EXPECT_TRUE(isReplay()) << file << ": whoever only looks writes there, too";
  }
  std::filesystem::remove(root_ / "etc/yum.repos.d/a.repo");
  EXPECT_FALSE(isReplay());
}

TEST_F(Dnf5Replay, repeats_nothing_older_where_there_is_no_place_for_what_came_after_it) {
  ASSERT_FALSE(isReplay());
  scan_.fake.no_place_for = "picture";
  write("etc/dnf/dnf.conf", "changed");
  EXPECT_FALSE(isReplay());
  EXPECT_FALSE(isReplay());
}

TEST_F(Dnf5Replay, asks_again_what_is_kept_back_until_dnf5_says_so) {
  dnf5_.failures = {{RecordedDnf5::kUpgradeAll, {1, "", "cannot be told"}}};
  ASSERT_FALSE(isReplay());
  EXPECT_FALSE(isReplay());
  EXPECT_TRUE(scan_.fake.reported("dnf5.kept_back_unknown"));
  dnf5_.failures.clear();
  EXPECT_FALSE(isReplay());
  EXPECT_TRUE(isReplay());
  EXPECT_EQ(scan_.blockedBy("need"), "kept_back");
  EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_OK);
}

TEST_F(Dnf5Replay, neither_repeats_nor_keeps_anything_while_another_program_is_installing) {
  write("var/lib/rpm/.rpm.lock", "");
  ASSERT_FALSE(isReplay());
  {
    const LockHolder other(root_ / "var/lib/rpm/.rpm.lock");
    scan_.fake.state.clear();
    EXPECT_FALSE(isReplay());
    EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
    EXPECT_TRUE(scan_.fake.reported("dnf5.rpm_locked"));
    EXPECT_FALSE(scan_.update("tool").empty()) << "what is known is still said";
    EXPECT_TRUE(scan_.fake.state.empty());
    EXPECT_EQ(scan_.run(RF_PURPOSE_INVENTORY), rf::Status::kTransient) << "nothing answered for the whole";
    EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_TRANSIENT);
    EXPECT_FALSE(scan_.fake.ofKind("package/1").empty());
  }
  EXPECT_FALSE(isReplay());
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
  EXPECT_TRUE(isReplay());
}

TEST_F(Dnf5Replay, judges_the_age_of_what_it_repeats) {
  ASSERT_FALSE(isReplay());
  scan_.settings.expect_refresh = true;
  scan_.fake.epoch_ns += 3LL * 86'400 * 1'000'000'000;
  EXPECT_TRUE(isReplay());
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf5.metadata_stale"));
}

TEST_F(Dnf5Replay, proves_nothing_by_what_was_kept) {
  ASSERT_FALSE(isReplay());
  EXPECT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_FALSE(scan_.fake.reported("inputs.unchanged"));
}

TEST_F(Dnf5Replay, believes_nothing_that_it_did_not_write) {
  ASSERT_FALSE(isReplay());
  for (const auto* bad :
       {"", "[]", "{", R"({"sources":[[1]],"upgrades":[]})", R"({"sources":[]})",
        R"({"sources":[],"upgrades":[["x"]]})", R"({"sources":[["base",0.5]],"upgrades":[]})",
        R"({"sources":[["base",1795934351179593435117959]],"upgrades":[]})"}) {
    EXPECT_FALSE(dnf5::decodePicture(bad)) << bad;
    scan_.fake.state["picture"] = bad;
    EXPECT_FALSE(isReplay()) << bad;
    EXPECT_FALSE(scan_.update("tool").empty()) << bad;
  }
}

TEST_F(Dnf5Replay, tells_of_another_program_that_installs_updates) {
  const auto other = [&] {
    EXPECT_EQ(scan_.run(), rf::Status::kOk);
    return scan_.fake.fact("updates.other_manager");
  };
  write("etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n");
  EXPECT_TRUE(other().is_null()) << "no timer starts it";
  const auto timers = root_ / "etc/systemd/system/timers.target.wants";
  std::filesystem::create_directories(timers);
  std::filesystem::create_symlink("/usr/lib/systemd/system/dnf5-automatic.timer",
                                  timers / "dnf5-automatic.timer");
  EXPECT_EQ(other(), "dnf5-automatic");
  write("etc/dnf/automatic.conf", "[emitters]\napply_updates = yes\n[commands]\n# apply_updates = yes\n");
  EXPECT_TRUE(other().is_null()) << "it only tells";
  write("usr/share/dnf5/dnf5-plugins/automatic.conf", "[commands]\nApply_Updates=True\n");
  EXPECT_EQ(other(), "dnf5-automatic") << "the distribution lets it";
  write("etc/dnf/automatic.conf", "[commands]\napply_updates = no\n");
  EXPECT_TRUE(other().is_null()) << "the machine's own word counts";
}

}  // namespace
}  // namespace redflag::test
