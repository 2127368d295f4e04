// What file systems lie on, by what a real kernel said of real volumes; fixtures/README.md tells of which.
#include <gmock/gmock.h>

#include <fstream>

#include "layers.h"
#include "storage_scan.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using storage::Layers;
using storage::mappedLayer;
using storage::Mount;
using testing::ElementsAre;
using testing::IsEmpty;

class LayersTree : public testing::Test {
 protected:
  LayersTree() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-layers-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fake_.files = root_;
  }
  ~LayersTree() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  // "FILE VALUE" a line below sys/block; an entry of a folder has no value.
  void unpack(const std::string& recording) const {
    std::ifstream lines(std::string(REDFLAG_STORAGE_FIXTURES) + "/" + recording);
    ASSERT_TRUE(lines) << recording;
    for (std::string line; std::getline(lines, line);) {
      const auto space = line.find(' ');
      if (space == std::string::npos) {
        std::filesystem::create_directories(root_ / "sys/block" / line);
      } else {
        write("sys/block/" + line.substr(0, space), line.substr(space + 1) + "\n");
      }
    }
  }
  std::vector<std::string> under(const Mount& mount) { return Layers(rf::File(fake_.host())).under(mount); }
  std::vector<std::string> under(const std::string& number, const std::string& source = "") {
    return under(Mount{"/x", "/", number, source, "ext4", false, ""});
  }

  std::filesystem::path root_;
  FakeHost fake_;
};

TEST_F(LayersTree, are_followed_from_a_recorded_machines_volumes_to_its_disks) {
  unpack("layers.txt");
  std::ifstream file(std::string(REDFLAG_STORAGE_FIXTURES) + "/layers.mountinfo");
  const std::string mountinfo{std::istreambuf_iterator<char>(file), {}};
  std::map<std::string, std::vector<std::string>> found;
  std::map<std::string, std::string> subvolumes;
  for (const auto& mount : storage::worthLooking(storage::parseMounts(mountinfo), {})) {
    if (!mount.point.starts_with("/srv/")) continue;
    found[mount.point] = under(mount);
    subvolumes[mount.point] = mount.subvolume;
  }
  const auto onTheMirror = [](const char* volume) {
    return ElementsAre(volume, "crypt md0_crypt", "raid1 md0", "disk vda", "disk vdb");
  };
  EXPECT_THAT(found["/srv/root"], onTheMirror("lvm vg0/root"));
  EXPECT_THAT(found["/srv/www"], onTheMirror("lvm vg0/web-www"));
  EXPECT_THAT(found["/srv/thin"], onTheMirror("lvm vg0/thin")) << "without the inner parts of its pool";
  EXPECT_THAT(found["/srv/plain"], ElementsAre("disk vdc"));
  EXPECT_THAT(found["/srv/san"], ElementsAre("multipath mpatha", "disk vdd"));
  EXPECT_THAT(found["/srv/loop"], ElementsAre("loop /srv/plain/image"));
  EXPECT_FALSE(found.contains("/srv/home"))
      << "one file system is one volume, however many subvolumes are mounted";
  EXPECT_THAT(found["/srv/var"], ElementsAre("disk vdc"));
  EXPECT_EQ(subvolumes["/srv/var"], "/@");
  EXPECT_EQ(subvolumes["/srv/root"], "");
}

TEST_F(LayersTree, of_zfs_are_its_pools) {
  EXPECT_THAT(under(Mount{"/home", "/", "0:40", "rpool/USERDATA/home", "zfs", false, ""}),
              ElementsAre("zfs rpool"));
  EXPECT_THAT(under(Mount{"/tank", "/", "0:41", "tank", "zfs", false, ""}), ElementsAre("zfs tank"));
}

TEST_F(LayersTree, are_not_made_up) {
  EXPECT_THAT(under("8:1", "/dev/sda1"), IsEmpty()) << "there is no sysfs";
  write("sys/block/sda/dev", "8:0\n");
  write("sys/block/sda/device/model", "x\n");
  write("sys/block/zram0/dev", "252:0\n");
  write("sys/block/loop3/dev", "7:3\n");
  write("sys/block/loop3/loop/backing_file", "/srv/\x1b[31mred\n");
  EXPECT_THAT(under("0:25", "server:/export"), IsEmpty());
  EXPECT_THAT(under("0:25", "/dev/mapper/none"), IsEmpty());
  EXPECT_THAT(under("0:25", "/dev/sda"), ElementsAre("disk sda"));
  EXPECT_THAT(under("252:0"), ElementsAre("zram zram0"));
  EXPECT_THAT(under("7:3"), ElementsAre("loop loop3")) << "a name that would drive a terminal is not told";
}

TEST_F(LayersTree, that_lead_in_circles_end) {
  for (const auto* pair : {"dm-0 dm-1", "dm-1 dm-0"}) {
    const std::string one(pair, 4);
    write("sys/block/" + one + "/dev", "253:" + one.substr(3) + "\n");
    write("sys/block/" + one + "/dm/name", "odd" + one.substr(3) + "\n");
    std::filesystem::create_directories(root_ / "sys/block" / one / "slaves" / std::string(pair + 5));
  }
  EXPECT_THAT(under("253:0"), ElementsAre("mapper odd0", "mapper odd1"));
}

TEST(MappedLayers, are_told_apart_by_who_made_them) {
  EXPECT_EQ(mappedLayer("LVM-XKxmCAnLYoRMOW6UuPqq6q7QkSSDdUbk", "data--one-web--www"),
            "lvm data-one/web-www");
  EXPECT_EQ(mappedLayer("LVM-XKxmCAnLYoRMOW6UuPqq6q7QkSSDdUbk-tpool", "vg0-pool-tpool"),
            "lvm vg0/pool-tpool");
  EXPECT_EQ(mappedLayer("CRYPT-LUKS2-a4b1e0-sda3_crypt", "sda3_crypt"), "crypt sda3_crypt");
  EXPECT_EQ(mappedLayer("mpath-3600508b400105e21", "mpatha"), "multipath mpatha");
  EXPECT_EQ(mappedLayer("part1-mpath-3600508b400105e21", "mpatha-part1"), "") << "a partition is no layer";
  EXPECT_EQ(mappedLayer("", "plain"), "mapper plain");
}

}  // namespace
}  // namespace redflag::test
