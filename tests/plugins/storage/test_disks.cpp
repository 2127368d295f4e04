#include <gmock/gmock.h>

#include <atomic>
#include <fstream>

#include "base/time.h"
#include "block_devices.h"
#include "reads/smart_questions.h"
#include "storage_scan.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DiskTree : public testing::Test {
 protected:
  DiskTree() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-disks-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fake_.files = root_;
    write("proc/self/mountinfo", "27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n");
    device("sda", "1000215216", "1", "0", "Spinning Disk 9000   ");
    device("nvme0n1", "2000409264", "0", "0", "Fast One");
    device("sr0", "0", "1", "1", "Empty Drive");
    write("sys/block/loop0/size", "2048\n");
    write("sys/block/dm-0/size", "4096\n");
  }
  ~DiskTree() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  void device(const std::string& name, const std::string& sectors, const std::string& rotational,
              const std::string& removable, const std::string& model) const {
    const auto folder = "sys/block/" + name + "/";
    write(folder + "size", sectors + "\n");
    write(folder + "queue/rotational", rotational + "\n");
    write(folder + "removable", removable + "\n");
    write(folder + "device/model", model + "\n");
  }
  rf::Status scan(bool smart = false) {
    settings_.smart = smart;
    rf::Run run(fake_.newRun());
    return storage::StorageScan(settings_, fake_.host(), run).scan();
  }
  Json metric(const std::string& name, const std::string& disk) const {
    for (const auto& row : fake_.ofKind("metric/1"))
      if (row.at("name") == name && row.at("label") == "disk=" + disk) return row.at("value");
    return nullptr;
  }

  std::filesystem::path root_;
  storage::Settings settings_;
  FakeHost fake_;
};

TEST_F(DiskTree, names_a_disk_once_however_many_ways_lead_to_it) {
  device("nvme0c0n1", "2000409264", "0", "0", "Fast One");
  write("sys/block/nvme0c0n1/hidden", "1\n");
  write("sys/block/nvme0n1/hidden", "0\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("disk.names"), Json::array({"nvme0n1", "sda"}));
}

TEST_F(DiskTree, takes_no_drive_with_nothing_in_it_for_a_disk) {
  // As a virtual machine's say it: the kernel guesses the size of a disc and of a floppy.
  device("sr1", "2097151", "1", "1", "VMware SATA CD00");
  device("fd0", "8", "1", "1", "");
  device("sr2", "1286144", "1", "1", "VMware SATA CD01");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("disk.names"), Json::array({"nvme0n1", "sda", "sr2"}));
  EXPECT_EQ(fake_.fact("disk.sr1.size_bytes"), nullptr);
}

TEST_F(DiskTree, names_what_is_plugged_in_and_nothing_made_of_it) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("disk.names"), Json::array({"nvme0n1", "sda"}));
  EXPECT_EQ(fake_.fact("disk.sda.model"), "Spinning Disk 9000");
  EXPECT_EQ(fake_.fact("disk.sda.size_bytes"), 1000215216LL * 512);
  EXPECT_EQ(fake_.fact("disk.sda.rotational"), 1);
  EXPECT_EQ(fake_.fact("disk.sda.removable"), 0);
  EXPECT_EQ(fake_.fact("disk.nvme0n1.rotational"), 0);
  EXPECT_EQ(fake_.scopeStatus("disks"), RF_OK);
  EXPECT_EQ(fake_.scopeStatus("smart"), RF_NOT_APPLICABLE) << "nobody said that disks are to be asked";
}

TEST_F(DiskTree, leaves_out_what_it_cannot_read_as_a_number) {
  device("sdb", "many", "x", "", "Odd");
  device("sdc", "99999999999999999999", "1", "1", "Odd");
  device("sdd", "8", "maybe", "2", "What is \x1b[31mplugged in");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("disk.names"), Json::array({"nvme0n1", "sda", "sdd"}));
  EXPECT_EQ(fake_.fact("disk.sdd.rotational"), nullptr);
  EXPECT_EQ(fake_.fact("disk.sdd.model"), nullptr) << "says itself what it is called";
}

TEST_F(DiskTree, is_complete_without_sysfs) {
  std::filesystem::remove_all(root_ / "sys");
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("disk.names"), nullptr);
}

// The whole way of an answer: a double in smartctl's place prints what the real one printed of QEMU's disks,
// root's side reads that, and the scan tells what is left of it.
TEST_F(DiskTree, tells_how_disks_say_they_are) {
  const auto program = root_ / "smartctl";
  std::ofstream(program) << "#!/bin/sh\ncase $5 in /dev/sda) cat " REDFLAG_READS_FIXTURES
                            "/sata.json;; *) cat " REDFLAG_READS_FIXTURES "/nvme.json;; esac\n";
  std::filesystem::permissions(program, std::filesystem::perms(0755));
  const std::atomic<bool> stopping = false;
  fake_.local_answers["/smart"] =
      kernel::disksHealthJson({program, root_ / "sys/block"}, monotonicNow() + 20 * kSecondNs, stopping)
          .value();
  ASSERT_EQ(scan(true), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("smart"), RF_OK);
  EXPECT_EQ(fake_.fact("disk.sda.health"), "passed");
  EXPECT_EQ(fake_.fact("disk.nvme0n1.health"), "passed");
  EXPECT_EQ(metric("smart_reallocated_sectors", "sda"), 0);
  EXPECT_EQ(metric("smart_critical_warnings", "nvme0n1"), 0);
  EXPECT_NE(metric("smart_temperature_celsius", "nvme0n1"), nullptr);
}

TEST_F(DiskTree, says_which_disk_did_not_answer_and_what_the_others_did) {
  fake_.local_answers["/smart"] = R"({"disks":[
    {"name":"sda","health":"failing","text":"","numbers":{"smart_pending_sectors":8,"Odd":1,"smart_x":"y"}},
    {"name":"sdb","health":"unreadable","text":"did not answer","numbers":{}},
    {"name":"sdc","health":"asleep","text":"","numbers":{}}]})";
  EXPECT_EQ(scan(true), rf::Status::kOk) << "file systems are told all the same";
  EXPECT_EQ(fake_.scopeStatus("smart"), RF_TRANSIENT);
  EXPECT_TRUE(fake_.reported("storage.smart_unreadable"));
  EXPECT_EQ(fake_.fact("disk.sda.health"), "failing");
  EXPECT_EQ(fake_.fact("disk.sdc.health"), "asleep");
  EXPECT_EQ(metric("smart_pending_sectors", "sda"), 8);
  EXPECT_EQ(metric("Odd", "sda"), nullptr);
  EXPECT_EQ(fake_.scopeStatus("disks"), RF_OK);
  EXPECT_THAT(fake_.ofKind("volume/1"), testing::SizeIs(1));
}

TEST_F(DiskTree, takes_no_odd_answer_for_one) {
  for (const char* odd : {"", "[]", R"({"disks":[{"name":"sda"}]})",
                          R"({"disks":[{"name":"","health":"passed","numbers":{}}]})",
                          R"({"disks":[{"name":"s\u0085","health":"passed","numbers":{}}]})",
                          R"({"disks":[{"name":"sda","health":"fine","text":"","numbers":{}}]})"}) {
    fake_.local_answers["/smart"] = odd;
    EXPECT_EQ(scan(true), rf::Status::kOk) << odd;
    EXPECT_EQ(fake_.scopeStatus("smart"), RF_INTERNAL) << odd;
    EXPECT_TRUE(fake_.reported("storage.bad_answer"));
  }
  fake_.local_answers = {{"/other", ""}};
  EXPECT_EQ(scan(true), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("smart"), RF_INTERNAL);
  EXPECT_TRUE(fake_.reported("storage.smart_not_asked"));
}

TEST(StorageSettings, ask_disks_only_where_they_say_so) {
  EXPECT_FALSE(storage::parseSettings("{}")->smart);
  EXPECT_TRUE(storage::parseSettings(R"({"smart":true})")->smart);
  EXPECT_FALSE(storage::parseSettings(R"({"smart":"yes"})"));
}

}  // namespace
}  // namespace redflag::test
