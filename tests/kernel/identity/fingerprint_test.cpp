#include "identity/fingerprint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

namespace fs = std::filesystem;

const std::string kSalt(kMarkSaltBytes, 's');

void put(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::vector<std::string> sourcesOf(const std::vector<platform::MachineMark>& found) {
  std::vector<std::string> out;
  for (const auto& mark : marksOf(found, kSalt))
    out.push_back(mark.source);
  return out;
}

TEST(Fingerprint, knows_what_makers_and_hypervisors_put_on_every_machine) {
  for (const char* value : {"To be filled by O.E.M.",
                            "To Be Filled By O.E.M.",
                            "Default string",
                            "Not Specified",
                            "System Serial Number",
                            "Base Board Serial Number",
                            "None",
                            "N/A",
                            "0",
                            "00000000",
                            "0123456789",
                            "1234567890",
                            "123456789",
                            "00000000-0000-0000-0000-000000000000",
                            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
                            "03000200-0400-0500-0006-000700080009",
                            "................",
                            "xxxxxxxxxxx",
                            "00:00:00:00:00:00",
                            "ff:ff:ff:ff:ff:ff",
                            "QM00001",
                            "drive-scsi0",
                            "uninitialized",
                            "",
                            "   ",
                            "\n"}) {
    EXPECT_NE(whyNoMark(value), nullptr) << value;
  }
}

TEST(Fingerprint, believes_what_real_machines_say) {
  for (const char* value :
       {"3d1219c7c4c5404aaa1f6d2a48adfda4", "4c4c4544-0051-3510-8052-b4c04f4a3132", "PF0W1XYZ",
        ".8QJR2L2.CN7016354Q01LK.", "VMware-56 4d 7f 0e 2a 9c 11 8b-5e 0f 8d 1f 21 7f 0c 33",
        "S3Z9NB0K512345A", "VB2a7b6c1e-8f3d2c10", "52:54:00:6b:3c:58", "0000-0006-5197-2839-6190-3468-05",
        "MP1Q8FXX"}) {
    EXPECT_EQ(whyNoMark(value), nullptr) << value << ": " << whyNoMark(value);
  }
}

TEST(Fingerprint, leaves_out_junk_and_what_is_said_twice) {
  EXPECT_EQ(sourcesOf({{"machine-id", {"3d1219c7c4c5404aaa1f6d2a48adfda4"}},
                       {"product-uuid", {"03000200-0400-0500-0006-000700080009"}},
                       {"board-serial", {"PF0W1XYZ"}},
                       {"system-serial", {"pf0w1xyz "}},
                       {"disks", {"QM00001", "QM00003"}},
                       {"nics", {"00:00:00:00:00:00", "52:54:00:6b:3c:58"}}}),
            (std::vector<std::string>{"machine-id", "board-serial", "nics"}));
}

TEST(Fingerprint, is_salted_and_no_matter_of_order_case_or_blanks) {
  const auto a = marksOf({{"disks", {"S3Z9NB0K", "WD-WCC4"}}}, kSalt);
  EXPECT_EQ(marksOf({{"disks", {" wd-wcc4\n", "s3z9nb0k"}}}, kSalt)[0].hash, a[0].hash);
  EXPECT_NE(marksOf({{"disks", {"S3Z9NB0K", "WD-WCC5"}}}, kSalt)[0].hash, a[0].hash);
  EXPECT_NE(marksOf({{"disks", {"S3Z9NB0K", "WD-WCC4"}}}, std::string(32, 't'))[0].hash, a[0].hash);
  EXPECT_NE(marksOf({{"nics", {"S3Z9NB0K", "WD-WCC4"}}}, kSalt)[0].hash, a[0].hash);
  EXPECT_EQ(a[0].hash.size(), kMarkHashBytes);
}

TEST(MachineMarks, are_of_parts_that_stay) {
  const test::TemporaryFolder folder;
  const fs::path root = folder.path();
  put(root / "etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  put(root / "sys/class/dmi/id/product_uuid", "4c4c4544-0051-3510-8052-b4c04f4a3132\n");
  put(root / "sys/class/dmi/id/board_serial", "\n");
  put(root / "sys/firmware/devicetree/base/serial-number", std::string("10000000a1b2c3d4\0", 17));
  // A disk of SCSI, one of NVMe, a stick, a disk on USB that does not say it is removable, and a loop.
  put(root / "sys/block/sda/device/vpd_pg80", std::string("\0\x80\0\x08", 4) + "WD-WCC4N");
  put(root / "sys/block/sda/removable", "0\n");
  put(root / "sys/block/nvme0n1/device/serial", "S3Z9NB0K512345A     \n");
  put(root / "sys/block/sdb/device/vpd_pg80", std::string("\0\x80\0\x08", 4) + "STICK001");
  put(root / "sys/block/sdb/removable", "1\n");
  put(root / "sys/devices/pci0/usb2/2-1/block/vpd_pg80", std::string("\0\x80\0\x08", 4) + "BACKUP01");
  fs::create_directories(root / "sys/block/sdc");
  fs::create_directory_symlink(root / "sys/devices/pci0/usb2/2-1/block", root / "sys/block/sdc/device");
  put(root / "sys/block/loop0/serial", "LOOP0000\n");
  // An interface of its own, one that was given another address, one in a bond, a docking station's, a
  // bridge.
  const fs::path net = root / "sys/class/net";
  put(net / "eth0/address", "52:54:00:6b:3c:58\n");
  put(net / "eth0/addr_assign_type", "0\n");
  fs::create_directories(net / "eth0/device");
  put(net / "eth1/address", "02:11:22:33:44:55\n");
  put(net / "eth1/addr_assign_type", "3\n");
  fs::create_directories(net / "eth1/device");
  put(net / "eth2/address", "52:54:00:00:00:01\n");
  put(net / "eth2/addr_assign_type", "3\n");
  put(net / "eth2/bonding_slave/perm_hwaddr", "52:54:00:77:88:99\n");
  fs::create_directories(net / "eth2/device");
  put(net / "br0/address", "32:d2:0e:e2:26:be\n");
  put(net / "br0/addr_assign_type", "0\n");
  put(root / "sys/devices/pci0/usb3/3-1/net", "");
  put(net / "dock0/address", "00:e0:4c:68:00:12\n");
  put(net / "dock0/addr_assign_type", "0\n");
  fs::create_directory_symlink(root / "sys/devices/pci0/usb3/3-1", net / "dock0/device");

  std::map<std::string, std::set<std::string>> found;
  for (const auto& mark : platform::machineMarks(root))
    found[mark.source] = {mark.values.begin(), mark.values.end()};
  const std::map<std::string, std::set<std::string>> expected = {
      {"machine-id", {"3d1219c7c4c5404aaa1f6d2a48adfda4"}},
      {"product-uuid", {"4c4c4544-0051-3510-8052-b4c04f4a3132"}},
      {"system-serial", {"10000000a1b2c3d4"}},
      {"disks", {"WD-WCC4N", "S3Z9NB0K512345A"}},
      {"nics", {"52:54:00:6b:3c:58", "52:54:00:77:88:99"}}};
  EXPECT_EQ(found, expected);
}

TEST(MachineMarks, are_none_where_a_system_says_nothing) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(platform::machineMarks(folder.path()).empty());
}

}  // namespace
}  // namespace redflag::kernel
