// The agent's own scan of real file systems, in a mount namespace of this test's: ext4, xfs, btrfs and tmpfs,
// one without inodes left, one read-only, and one of a program that never answers. Needs root.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "../../support/cannot_run.h"
#include "base/json.h"

namespace redflag::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

int shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());
}

class RealMounts : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0 || ::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      REDFLAG_CANNOT_RUN << "nothing may be mounted here";
    std::string pattern = "/tmp/redflag-mounts-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
    // Everything below goes with this mount.
    ASSERT_EQ(::mount("redflag", root.c_str(), "tmpfs", 0, "size=700m"), 0);
  }
  void TearDown() override {
    ::umount2(root.c_str(), MNT_DETACH);
    fs::remove_all(root);
  }

  fs::path folder(const std::string& name) const {
    fs::create_directories(root / name);
    return root / name;
  }
  std::string image(const std::string& kind) const { return (root / (kind + ".img")).string(); }
  // On a loop device that goes with the mount. `options`: of mkfs.
  bool mountImage(const std::string& kind, const std::string& size, const std::string& options = {}) const {
    return shell(fmt::format("truncate -s {1} {0} && mkfs.{2} -q {4} {0} && mount -o loop {0} {3}",
                             image(kind), size, kind, folder(kind).string(), options)) == 0;
  }
  Json scan() const {
    const auto config = root / "agent.yaml";
    std::ofstream(config) << "version: 1\nplugins: {storage: {limits: {time: 20s}}}\n";
    FILE* pipe = ::popen((std::string(REDFLAG_BUILD) + "/bin/redflag-agent --config " + config.string() +
                          " --state " + folder("state").string() + " scan storage --format json")
                             .c_str(),
                         "r");
    std::string text;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      text.append(buffer, got);
    ::pclose(pipe);
    return Json::parse(text).at("scans").at(0);
  }
  static std::map<std::string, Json> volumes(const Json& scan) {
    std::map<std::string, Json> out;
    for (const auto& row : scan.at("records"))
      if (row.at("record") == "volume/1") out[row.at("mount")] = row;
    return out;
  }
  static std::string statusOf(const Json& scan, const std::string& scope) {
    for (const auto& each : scan.at("scopes"))
      if (each.at("key") == scope) return each.at("status");
    return "";
  }

  fs::path root;
};

TEST_F(RealMounts, are_told_as_the_system_itself_counts_them) {
  std::vector<std::string> kinds{"tmpfs"};
  ASSERT_EQ(::mount("x", folder("tmpfs").c_str(), "tmpfs", 0, "size=8m,nr_inodes=100"), 0);
  for (const auto& [kind, size] :
       {std::pair("ext4", "40M"), std::pair("xfs", "320M"), std::pair("btrfs", "120M")}) {
    if (!mustRun() && shell(std::string("command -v mkfs.") + kind) != 0) continue;
    ASSERT_TRUE(mountImage(kind, size)) << kind;
    kinds.emplace_back(kind);
  }
  const auto found = scan();
  EXPECT_EQ(found.at("status"), "ok") << dumpJson(found.at("reports"));
  const auto rows = volumes(found);
  for (const auto& kind : kinds) {
    const auto point = (root / kind).string();
    ASSERT_TRUE(rows.contains(point)) << kind;
    struct statvfs now {};
    ASSERT_EQ(::statvfs(point.c_str(), &now), 0);
    EXPECT_EQ(rows.at(point).at("filesystem"), kind);
    EXPECT_EQ(rows.at(point).at("total_bytes"), now.f_blocks * now.f_frsize) << kind;
    EXPECT_EQ(rows.at(point).at("available_bytes"), now.f_bavail * now.f_frsize) << kind;
    EXPECT_EQ(rows.at(point).at("used_bytes"), (now.f_blocks - now.f_bfree) * now.f_frsize) << kind;
    EXPECT_EQ(rows.at(point).at("total_inodes"), now.f_files) << kind;
    EXPECT_EQ(rows.at(point).at("read_only"), false) << kind;
    if (kind == "tmpfs") continue;
    EXPECT_THAT(rows.at(point).at("layers"), ElementsAre("loop " + image(kind))) << kind;
  }
}

TEST_F(RealMounts, of_btrfs_are_one_volume_and_name_the_subvolume_that_is_mounted) {
  if (shell("command -v mkfs.btrfs") != 0) REDFLAG_CANNOT_RUN << "btrfs-progs is not installed";
  ASSERT_TRUE(mountImage("btrfs", "120M"));
  const auto whole = (root / "btrfs").string();
  ASSERT_EQ(shell(fmt::format("btrfs subvolume create {0}/@home && mount -t btrfs -o subvol=@home "
                              "$(findmnt -no SOURCE {0}) {1} && umount {0}",
                              whole, folder("home").string())),
            0);
  const auto rows = volumes(scan());
  EXPECT_FALSE(rows.contains(whole));
  const auto& home = rows.at((root / "home").string());
  EXPECT_EQ(home.at("subvolume"), "/@home");
  EXPECT_THAT(home.at("layers"), ElementsAre("loop " + image("btrfs")));
}

TEST_F(RealMounts, without_inodes_or_read_only_say_so) {
  ASSERT_EQ(::mount("x", folder("full").c_str(), "tmpfs", 0, "size=8m,nr_inodes=5"), 0);
  for (int i = 0; i < 4; ++i)
    std::ofstream(root / "full" / std::to_string(i)) << "";
  ASSERT_EQ(::mount("x", folder("still").c_str(), "tmpfs", MS_RDONLY, "size=8m"), 0);
  const auto rows = volumes(scan());
  const auto& full = rows.at((root / "full").string());
  EXPECT_EQ(full.at("used_inodes"), full.at("total_inodes"));
  EXPECT_EQ(rows.at((root / "still").string()).at("read_only"), true);
}

TEST_F(RealMounts, of_ext4_without_inodes_and_then_read_only_say_so) {
  if (shell("command -v mkfs.ext4") != 0) REDFLAG_CANNOT_RUN << "e2fsprogs is not installed";
  ASSERT_TRUE(mountImage("ext4", "8M", "-N 16"));
  const auto point = (root / "ext4").string();
  for (int i = 0; std::ofstream(root / "ext4" / std::to_string(i)).is_open(); ++i)
    ASSERT_LT(i, 100) << "there is no end of inodes";
  const auto full = volumes(scan()).at(point);
  EXPECT_GE(full.at("total_inodes"), 16);
  EXPECT_EQ(full.at("used_inodes"), full.at("total_inodes"));
  EXPECT_GT(full.at("available_bytes"), 0) << "bytes are not what it lacks";
  EXPECT_NE(full.value("read_only", Json(false)), Json(true));
  ASSERT_EQ(::mount(nullptr, point.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  EXPECT_EQ(volumes(scan()).at(point).at("read_only"), true);
}

// A program's mount that nobody will ever answer for. Its descriptor; -1 where there is no fuse.
int mountSilent(const fs::path& point) {
  const int fuse = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) return -1;
  const auto options = "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=0,group_id=0";
  EXPECT_EQ(::mount("silent", point.c_str(), "fuse.silent", MS_NOSUID | MS_NODEV, options.c_str()), 0);
  return fuse;
}

TEST_F(RealMounts, that_hang_in_great_number_take_no_more_than_their_share_of_the_time) {
  std::map<fs::path, int> silent;
  for (int i = 10; i < 26; ++i) {
    const auto point = folder("hangs" + std::to_string(i));
    silent[point] = mountSilent(point);
    if (silent[point] < 0) REDFLAG_CANNOT_RUN << "there is no fuse here";
  }
  ASSERT_EQ(::mount("x", folder("last").c_str(), "tmpfs", 0, "size=8m"), 0);
  const auto found = scan();
  EXPECT_EQ(statusOf(found, (root / "last").string()), "ok");
  for (const auto& [point, fuse] : silent) {
    EXPECT_EQ(statusOf(found, point.string()), "transient") << point;
    ::umount2(point.c_str(), MNT_FORCE | MNT_DETACH);
    ::close(fuse);
  }
}

TEST_F(RealMounts, that_hang_are_named_and_hold_no_other_back) {
  const int fuse = mountSilent(folder("hangs"));
  if (fuse < 0) REDFLAG_CANNOT_RUN << "there is no fuse here";
  ASSERT_EQ(::mount("x", folder("beside").c_str(), "tmpfs", 0, "size=8m"), 0);
  const auto begun = std::chrono::steady_clock::now();
  const auto found = scan();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
  EXPECT_EQ(statusOf(found, (root / "hangs").string()), "transient");
  EXPECT_EQ(statusOf(found, (root / "beside").string()), "ok");
  EXPECT_FALSE(found.at("complete"));
  EXPECT_EQ(found.at("status"), "ok") << "or the breaker would stop the scans of all";
  EXPECT_THAT(dumpJson(found.at("reports")), HasSubstr("does not answer"));
  ::umount2((root / "hangs").c_str(), MNT_FORCE | MNT_DETACH);
  ::close(fuse);
}

}  // namespace
}  // namespace redflag::test
