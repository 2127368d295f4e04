#include <gmock/gmock.h>

#include <fstream>

#include "growth.h"
#include "mounts.h"
#include "storage_scan.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using storage::Growth;
using storage::Mount;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// As a Debian 12 with a data disk, a bind mount of it, a share and an overmounted folder says it.
constexpr const char* kMountinfo =
    "22 27 0:20 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "23 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw\n"
    "27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "40 27 8:17 / /srv/data\\040disk rw,relatime shared:22 - xfs /dev/sdb1 rw,attr2\n"
    "41 27 8:17 /web /var/www rw,relatime shared:22 - xfs /dev/sdb1 rw,attr2\n"
    "42 27 0:45 / /mnt/backup rw,relatime shared:30 - nfs4 server:/export rw,vers=4.2\n"
    "43 27 8:33 / /media/usb rw,relatime shared:31 - vfat /dev/sdc1 rw\n"
    "44 27 8:49 / /media/usb ro,relatime shared:32 - ext4 /dev/sdd1 rw\n"
    "45 27 7:0 / /snap/core/1 ro,nodev,relatime shared:33 - squashfs /dev/loop0 ro\n"
    "cut off\n"
    "46 27 0:46 / relative rw - ext4 /dev/sde1 rw\n";

std::vector<std::string> looked(std::string_view mountinfo, const std::vector<std::string>& skipped = {}) {
  std::vector<std::string> points;
  for (const auto& mount : storage::worthLooking(storage::parseMounts(mountinfo), skipped))
    points.push_back(mount.point + " " + mount.filesystem);
  return points;
}

TEST(Mounts, are_read_with_their_escapes_and_malformed_lines_left_out) {
  const auto mounts = storage::parseMounts(kMountinfo);
  ASSERT_THAT(mounts, SizeIs(9));
  EXPECT_EQ(mounts[3], (Mount{"/srv/data disk", "/", "8:17", "/dev/sdb1", "xfs", false, "", "40", "27"}));
  EXPECT_TRUE(mounts[7].read_only);
}

TEST(Mounts, are_looked_at_once_a_file_system_and_only_where_they_can_be_reached) {
  EXPECT_THAT(looked(kMountinfo, {"/mnt"}), ElementsAre("/ ext4", "/media/usb ext4", "/srv/data disk xfs"));
}

TEST(Mounts, that_were_there_before_the_root_was_can_be_reached) {
  // As initramfs and dracut leave it: /run was mounted first, and moved into the root.
  EXPECT_THAT(looked("24 29 0:22 / /sys rw - sysfs sysfs rw\n"
                     "28 29 0:25 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=1g\n"
                     "29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
                     "40 28 8:17 / /run/media/usb rw shared:9 - ext4 /dev/sdb1 rw\n"),
              ElementsAre("/ ext4", "/run tmpfs", "/run/media/usb ext4"));
}

TEST(Mounts, that_others_are_mounted_over_cannot_be_reached) {
  EXPECT_THAT(looked("1 1 0:2 / / rw - ext4 rootfs rw\n"
                     "29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                     "40 29 8:17 / /srv/data rw - ext4 /dev/sdb1 rw\n"
                     "41 40 8:18 / /srv/data/deep rw - ext4 /dev/sdb2 rw\n"
                     "42 29 8:33 / /srv rw - xfs /dev/sdc1 rw\n"
                     "43 29 8:49 / /opt rw - ext4 /dev/sdd1 rw\n"
                     "44 43 8:50 / /opt rw - xfs /dev/sdd2 rw\n"
                     "45 44 8:51 / /opt/app rw - ext4 /dev/sde1 rw\n"),
              ElementsAre("/ ext4", "/opt xfs", "/opt/app ext4", "/srv xfs"));
}

TEST(Mounts, of_containers_have_no_room_of_their_own) {
  EXPECT_THAT(
      looked("29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
             "50 29 8:17 / /var/lib/docker rw - xfs /dev/sdb1 rw\n"
             "51 50 0:60 / /var/lib/docker/overlay2/0a1b/merged rw - overlay overlay rw,lowerdir=/l:/m\n"
             "52 50 0:61 / /var/lib/docker/containers/0a1b/mounts/shm rw - tmpfs shm rw,size=65536k\n"
             "53 29 0:62 / /var/lib/kubelet/pods/0-1/volumes/kubernetes.io~secret/x rw - tmpfs tmpfs rw\n"
             "54 29 0:63 / /home/me/.local/share/containers/storage/overlay/2b/merged rw - "
             "fuse.fuse-overlayfs fuse-overlayfs rw\n"
             "55 29 0:64 / /usr ro - overlay overlay ro,lowerdir=/l:/m\n"),
      ElementsAre("/ ext4", "/var/lib/docker xfs"));
  EXPECT_THAT(looked("700 600 0:70 / / rw - overlay overlay rw,lowerdir=/l\n"
                     "701 700 0:71 / /proc rw - proc proc rw\n"
                     "702 701 0:72 / /proc/acpi ro - tmpfs tmpfs ro\n"
                     "703 700 0:73 / /dev rw,nosuid - tmpfs none rw,size=492k,mode=755\n"),
              ElementsAre("/ overlay"))
      << "as a container itself sees it";
  EXPECT_THAT(looked("29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                     "60 29 0:65 / /var/snap/microk8s/common/var/lib/kubelet/pods/0-1/volumes/"
                     "kubernetes.io~projected/kube-api-access-x rw - tmpfs tmpfs rw\n"),
              ElementsAre("/ ext4"))
      << "wherever the kubelet's folder is";
}

TEST(Mounts, of_which_a_part_can_be_written_are_not_read_only) {
  // openSUSE MicroOS: the root is a snapshot.
  auto mounts = storage::worthLooking(
      storage::parseMounts(
          "26 1 0:33 /@/.snapshots/2/snapshot / ro shared:1 - btrfs /dev/vda3 "
          "rw,subvolid=266,subvol=/@/.snapshots/2/snapshot\n"
          "60 26 0:33 /@/var /var rw shared:2 - btrfs /dev/vda3 rw,subvolid=258,subvol=/@/var\n"),
      {});
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].point, "/");
  EXPECT_FALSE(mounts[0].read_only) << "it fills, and is forecast";
  // Fedora's image mode: the whole of the disk is shown read-only.
  mounts = storage::worthLooking(
      storage::parseMounts(
          "29 1 0:40 / / ro shared:1 - overlay composefs ro,lowerdir+=/l,datadir+=/d\n"
          "40 29 253:4 / /sysroot ro shared:2 - xfs /dev/vda4 rw,seclabel\n"
          "41 29 253:4 /ostree/deploy/default/var /var rw shared:3 - xfs /dev/vda4 rw,seclabel\n"),
      {});
  ASSERT_THAT(mounts, SizeIs(1)) << "the image itself is full by nature";
  EXPECT_EQ(mounts[0].point, "/sysroot");
  EXPECT_FALSE(mounts[0].read_only);
  mounts = storage::worthLooking(storage::parseMounts("29 1 8:1 / / ro - ext4 /dev/sda1 ro\n"
                                                      "40 29 8:1 /var /srv ro - ext4 /dev/sda1 ro\n"),
                                 {});
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_TRUE(mounts[0].read_only);
}

TEST(Mounts, that_take_no_writes_after_an_error_are_read_only) {
  for (const char* options : {"ro,errors=remount-ro", "rw,errors=remount-ro,emergency_ro", "rw,shutdown"}) {
    const auto mounts =
        storage::parseMounts(std::string("29 1 8:1 / / rw,relatime - ext4 /dev/sda1 ") + options + "\n");
    ASSERT_THAT(mounts, SizeIs(1));
    EXPECT_TRUE(mounts[0].read_only) << options;
  }
}

TEST(Mounts, of_snapshots_and_discs_have_no_room_of_their_own) {
  EXPECT_THAT(looked("29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                     "40 29 0:50 / /tank rw - zfs tank rw,xattr\n"
                     "41 40 0:51 / /tank/.zfs/snapshot/daily-1 ro - zfs tank@daily-1 ro,xattr\n"
                     "42 29 11:0 / /media/dvd ro - udf /dev/sr0 ro,iocharset=utf8\n"
                     "43 29 8:17 / /media/stick rw - udf /dev/sdb1 rw,iocharset=utf8\n"),
              ElementsAre("/ ext4", "/media/stick udf", "/tank zfs"));
}

TEST(Mounts, of_images_that_nobody_can_write_are_full_by_nature) {
  EXPECT_THAT(looked("29 1 0:40 / / rw - btrfs /dev/sda1 rw,subvol=/lxd\n"
                     "50 29 0:41 / /snap/core22/1 ro - fuse.snapfuse snapfuse ro\n"
                     "51 29 0:42 / /mnt/app ro - fuse.squashfuse squashfuse ro\n"
                     "52 29 7:1 / /run/image ro - erofs /dev/loop1 ro\n"),
              ElementsAre("/ btrfs"));
}

TEST(Mounts, below_one_of_a_server_are_looked_at_as_carefully) {
  const auto mounts = storage::parseMounts(
      "29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "40 29 0:45 / /home rw - nfs4 server:/home rw\n"
      "41 40 8:17 / /home/scratch rw - ext4 /dev/sdb1 rw\n"
      "42 29 8:33 / /homely rw - ext4 /dev/sdc1 rw\n");
  ASSERT_THAT(mounts, SizeIs(4));
  EXPECT_FALSE(storage::isBeyondRemote(mounts[0], mounts));
  EXPECT_FALSE(storage::isBeyondRemote(mounts[1], mounts)) << "it is the remote one itself";
  EXPECT_TRUE(storage::isBeyondRemote(mounts[2], mounts));
  EXPECT_FALSE(storage::isBeyondRemote(mounts[3], mounts));
}

TEST(Usage, claims_no_inodes_where_they_are_not_counted) {
  struct statvfs found {};
  found.f_frsize = 4096;
  found.f_blocks = 100;
  found.f_bfree = 40;
  found.f_bavail = 30;
  found.f_files = 1'000;
  found.f_ffree = 250;
  EXPECT_EQ(storage::usageOf(found).used_inodes, 750);
  EXPECT_EQ(storage::usageOf(found).used_bytes, 60 * 4096);
  // CephFS knows how many objects there are, and says -1 for how many there may still be.
  found.f_ffree = static_cast<fsfilcnt_t>(-1);
  EXPECT_EQ(storage::usageOf(found).total_inodes, 0);
  EXPECT_EQ(storage::usageOf(found).used_inodes, 0);
  found.f_files = static_cast<fsfilcnt_t>(-1);
  EXPECT_EQ(storage::usageOf(found).total_inodes, 0);
}

TEST(Mounts, of_servers_and_programs_are_told_apart) {
  EXPECT_TRUE(storage::isRemote({"/x", "/", "0:1", "s:/x", "nfs4", false, ""}));
  EXPECT_TRUE(storage::isRemote({"/x", "/", "0:1", "sshfs", "fuse.sshfs", false, ""}));
  EXPECT_FALSE(storage::isRemote({"/x", "/", "8:1", "/dev/sda1", "btrfs", false, ""}));
}

TEST(Mounts, of_btrfs_say_which_subvolume_they_show) {
  // As Debian's and openSUSE's installers lay them out.
  const auto mounts = storage::parseMounts(
      "26 1 0:23 /@rootfs / rw,relatime shared:1 - btrfs /dev/sda2 "
      "rw,space_cache=v2,subvolid=256,subvol=/@rootfs\n"
      "60 26 0:23 /@/my\\040home,1 /home rw shared:2 - btrfs /dev/sda2 "
      "rw,subvolid=257,subvol=/@/my\\040home,1\n"
      "61 26 8:17 / /srv rw - ext4 /dev/sdb1 rw,subvol=/no\n");
  ASSERT_THAT(mounts, SizeIs(3));
  EXPECT_EQ(mounts[0].subvolume, "/@rootfs");
  EXPECT_EQ(mounts[1].subvolume, "/@/my home,1");
  EXPECT_EQ(mounts[2].subvolume, "");
}

TEST(Mounts, of_btrfs_are_told_as_the_root_where_one_of_them_is) {
  // As openSUSE's installer lays them out; with a folder of one mounted again, and all of them at once.
  EXPECT_THAT(
      looked("26 1 0:33 /@/.snapshots/1/snapshot / rw shared:1 - btrfs /dev/vda2 "
             "rw,subvolid=266,subvol=/@/.snapshots/1/snapshot\n"
             "60 26 0:33 /@/opt /opt rw shared:2 - btrfs /dev/vda2 rw,subvolid=263,subvol=/@/opt\n"
             "61 26 0:33 /@/var /var rw shared:3 - btrfs /dev/vda2 rw,subvolid=258,subvol=/@/var\n"
             "62 26 0:33 /@/var/www /www rw shared:4 - btrfs /dev/vda2 rw,subvolid=258,subvol=/@/var\n"
             "63 26 0:33 / /mnt/all rw shared:5 - btrfs /dev/vda2 rw,subvolid=5,subvol=/\n"),
      ElementsAre("/ btrfs"));
}

TEST(Growth, forecasts_from_a_straight_line_over_days) {
  Growth growth;
  constexpr std::int64_t kDay = 86'400;
  for (std::int64_t day = 0; day <= 10; ++day)
    growth.add("/", {day * kDay, 1'000 + 100 * day});
  const auto days = growth.daysUntilFull("/", 3'000);
  ASSERT_TRUE(days);
  EXPECT_NEAR(*days, 10, 0.01);
  EXPECT_EQ(Growth::from(growth.text()).daysUntilFull("/", 3'000), days) << "also after it was kept";
}

// A machine that has been watched for a year, hour by hour.
Growth watchedForAYear(std::int64_t (*used)(std::int64_t hour)) {
  Growth growth;
  for (std::int64_t hour = 0; hour <= 24 * 365; ++hour)
    growth.add("/", {hour * 3'600, used(hour)});
  return growth;
}

TEST(Growth, forecasts_by_what_happens_now_and_not_by_what_happened_long_ago) {
  const auto cleaned_up = watchedForAYear(
      [](std::int64_t hour) { return 1'000'000 + 100 * hour - (hour > 24 * 60 ? 500'000 : 0); });
  const auto days = cleaned_up.daysUntilFull("/", 1'000'000 + 100 * 24 * 365 - 500'000 + 100 * 24 * 30);
  ASSERT_TRUE(days);
  EXPECT_NEAR(*days, 30, 0.5);
  const auto filled_once =
      watchedForAYear([](std::int64_t hour) -> std::int64_t { return hour > 24 * 60 ? 900'000 : 100'000; });
  EXPECT_FALSE(filled_once.daysUntilFull("/", 1'000'000)) << "nothing has grown for ten months";
}

TEST(Growth, says_nothing_where_little_is_known_or_nothing_grows) {
  Growth growth;
  growth.add("/young", {0, 1});
  growth.add("/young", {7'200, 2});
  growth.add("/young", {14'400, 3});
  EXPECT_FALSE(growth.daysUntilFull("/young", 100)) << "four hours are no trend";
  for (std::int64_t day = 0; day < 10; ++day)
    growth.add("/shrinks", {day * 86'400, 1'000 - day});
  EXPECT_FALSE(growth.daysUntilFull("/shrinks", 10'000));
  EXPECT_FALSE(growth.daysUntilFull("/unknown", 10'000));
}

TEST(Growth, believes_nothing_that_was_kept_of_less_than_nothing) {
  const std::string kept = "-9223372036854775808 1\t/\n9223372036854775807 1\t/\n5 -1\t/\n";
  auto growth = Growth::from(kept);
  EXPECT_EQ(growth.text(), "9223372036854775807 1\t/\n");
  growth.add("/", {1'740'794'400, 1});
  EXPECT_EQ(growth.text(), "1740794400 1\t/\n");
}

TEST(Growth, of_very_many_mounts_is_kept_as_far_as_a_plugin_may_keep_anything) {
  Growth growth;
  for (int mount = 0; mount < 1'900; ++mount)
    for (std::int64_t day = 0; day < 4; ++day)
      growth.add(std::to_string(1'000 + mount) + std::string(900, 'x'), {day * 86'400, day});
  EXPECT_GT(growth.text().size(), 2U << 20U);
  EXPECT_LT(growth.text().size(), 4U << 20U);
}

TEST(Growth, stays_small_and_survives_a_clock_that_was_set_back) {
  Growth growth;
  for (std::int64_t hour = 0; hour < 24 * 365; ++hour)
    growth.add("/", {hour * 3'600, hour});
  EXPECT_LT(growth.text().size(), 4'000U);
  EXPECT_TRUE(growth.daysUntilFull("/", 50'000));
  growth.add("/", {3'600, 1});
  EXPECT_FALSE(growth.daysUntilFull("/", 50'000)) << "what lay in the future is forgotten";
  growth.keepOnly({});
  EXPECT_EQ(growth.text(), "");
  EXPECT_EQ(Growth::from("junk\n5\n1 2\n1 x\t/a\n\t\n").text(), "");
}

class StorageTree : public testing::Test {
 protected:
  StorageTree() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-storage-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fake_.files = root_;
    std::filesystem::create_directories(root_ / "proc/self");
  }
  ~StorageTree() override { std::filesystem::remove_all(root_); }
  rf::Status scan(const std::string& mountinfo) {
    std::ofstream(root_ / "proc/self/mountinfo") << mountinfo;
    rf::Run run(fake_.newRun());
    return storage::StorageScan(settings_, fake_.host(), run).scan();
  }
  std::filesystem::path root_;
  storage::Settings settings_;
  FakeHost fake_;
};

TEST_F(StorageTree, tells_how_full_a_file_system_is) {
  ASSERT_EQ(scan("27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"), rf::Status::kOk);
  const auto volumes = fake_.ofKind("volume/1");
  ASSERT_THAT(volumes, SizeIs(1));
  EXPECT_EQ(volumes[0].at("mount"), "/");
  EXPECT_GT(volumes[0].at("total_bytes"), 0);
  EXPECT_LE(volumes[0].at("used_bytes"), volumes[0].at("total_bytes"));
}

TEST_F(StorageTree, takes_no_disk_for_remote_whose_file_system_is_a_program) {
  ASSERT_EQ(scan("27 1 8:17 / / rw,relatime - fuseblk /dev/sdb1 rw,allow_other,blksize=4096\n"),
            rf::Status::kOk);
  ASSERT_THAT(fake_.ofKind("volume/1"), SizeIs(1));
  EXPECT_EQ(fake_.ofKind("volume/1")[0].at("remote"), 0);
  ASSERT_EQ(scan("27 1 0:45 / / rw,relatime - nfs4 server:/export rw\n"), rf::Status::kOk);
  ASSERT_THAT(fake_.ofKind("volume/1"), SizeIs(1));
  EXPECT_EQ(fake_.ofKind("volume/1")[0].at("remote"), 1);
}

TEST_F(StorageTree, holds_a_mount_that_is_gone_against_nobody_else) {
  EXPECT_EQ(scan("27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n28 27 8:2 / /no/such/folder rw - ext4 "
                 "/dev/sdb1 rw\n"),
            rf::Status::kOk)
      << "what is kept of the others must not be lost, nor scans stopped";
  EXPECT_EQ(fake_.scopeStatus("/no/such/folder"), RF_PERMANENT);
  EXPECT_EQ(fake_.scopeStatus("/"), RF_OK);
  EXPECT_THAT(fake_.ofKind("volume/1"), SizeIs(1));
}

TEST_F(StorageTree, takes_no_name_that_a_row_would_refuse) {
  const auto folder = root_.string();
  EXPECT_EQ(scan("27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
                 "29 27 0:51 / /srv/\\033[2J rw - ext4 /dev/sdb1 rw\n"
                 "30 27 0:52 / /srv/a\\012b rw - ext4 /dev/sdc1 rw\n"
                 "31 27 0:53 / /srv/\xff rw - ext4 /dev/sdd1 rw\n"
                 "32 27 0:54 / /srv/" +
                 std::string(1'001, 'a') + " rw - ext4 /dev/sde1 rw\n33 27 8:5 / " + folder +
                 " rw - ext4 \\033[2J rw\n"),
            rf::Status::kOk);
  const auto volumes = fake_.ofKind("volume/1");
  ASSERT_THAT(volumes, SizeIs(2));
  EXPECT_EQ(volumes[1].at("mount"), folder);
  EXPECT_FALSE(volumes[1].contains("device"));
  EXPECT_THAT(fake_.scopes, SizeIs(3)) << "and the disks";
  ASSERT_THAT(fake_.reports, SizeIs(1));
  EXPECT_EQ(fake_.reports[0].code, "storage.odd_name");
  EXPECT_THAT(fake_.reports[0].text, testing::HasSubstr("4 mounts"));
}

TEST(StorageSettings, name_a_folder_with_and_without_a_slash_at_its_end) {
  const auto settings = storage::parseSettings(R"({"skip_mounts":["/mnt/","/srv//","/"]})");
  ASSERT_TRUE(settings) << settings.text();
  EXPECT_THAT(settings->skip_mounts, ElementsAre("/mnt", "/srv", "/"));
}

TEST(StorageSettings, refuse_what_they_do_not_know) {
  EXPECT_TRUE(storage::parseSettings(R"({"skip_mounts":["/mnt"]})"));
  EXPECT_THAT(storage::parseSettings(R"({"skip":[]})").text(), testing::HasSubstr("settings.skip"));
  EXPECT_THAT(storage::parseSettings(R"({"skip_mounts":[1]})").text(), testing::HasSubstr("a list of texts"));
}

}  // namespace
}  // namespace redflag::test
