// What is handed on of smartctl's answers. The recordings are smartctl 7.3's own, of disks that QEMU 7.2
// lends a guest (fixtures/README.md); the smartctl that these tests start is a double, which prints such
// recordings.
#include "reads/smart_questions.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "base/time.h"
#include "host/reads.h"
#include "platform/local_socket.h"
#include "reads/read_desk.h"
#include "temporary_folder.h"

namespace redflag::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string recording(const std::string& name) {
  std::ifstream in(std::string(REDFLAG_READS_FIXTURES) + "/" + name);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(SmartQuestions, are_one) {
  EXPECT_TRUE(isSmartQuestion("/smart"));
  for (const char* other : {"", "/", "/smart/", "/smart?disk=sda", "/sda", "/smart -t long"})
    EXPECT_FALSE(isSmartQuestion(other)) << other;
}

TEST(DiskHealth, is_what_a_sata_disk_counts) {
  const auto told = diskHealth("sda", 0, recording("sata.json"));
  EXPECT_EQ(told.at("name"), "sda");
  EXPECT_EQ(told.at("health"), "passed");
  EXPECT_EQ(told.at("numbers").at("smart_reallocated_sectors"), 0) << told;
  EXPECT_TRUE(told.at("numbers").contains("smart_temperature_celsius")) << told;
  EXPECT_TRUE(told.at("numbers").contains("smart_power_on_hours")) << told;
  EXPECT_EQ(dumpJson(told).find("serial"), std::string::npos);
}

TEST(DiskHealth, is_what_an_nvme_disk_counts) {
  const auto told = diskHealth("nvme0n1", 0, recording("nvme.json"));
  EXPECT_EQ(told.at("health"), "passed");
  for (const char* name : {"smart_wear_percent", "smart_spare_percent", "smart_media_errors",
                           "smart_critical_warnings", "smart_temperature_celsius"})
    EXPECT_TRUE(told.at("numbers").contains(name)) << name << told;
}

TEST(DiskHealth, is_what_a_sas_disk_says) {
  const auto told = diskHealth("sdb", 0, recording("sas.json"));
  EXPECT_EQ(told.at("health"), "passed");
  EXPECT_FALSE(told.at("numbers").contains("smart_power_on_hours")) << told;
}

TEST(DiskHealth, is_not_good_only_because_a_disk_says_so) {
  auto failing = Json::parse(recording("sata.json"));
  failing["smart_status"]["passed"] = false;
  EXPECT_EQ(diskHealth("sda", 8, dumpJson(failing)).at("health"), "failing");
  EXPECT_EQ(diskHealth("sda", 8, recording("sata.json")).at("health"), "failing") << "by the exit code alone";
}

TEST(DiskHealth, of_what_cannot_answer_is_told_apart) {
  EXPECT_EQ(diskHealth("sda", 4, R"({"smartctl":{"exit_status":4}})").at("health"), "unsupported");
  const auto closed = diskHealth("sda", 2, recording("not_opened.json"));
  EXPECT_EQ(closed.at("health"), "unreadable");
  EXPECT_NE(closed.at("text"), "");
  EXPECT_EQ(diskHealth("sda", 2, R"({"power_mode":{"ata_value":0}})").at("health"), "asleep");
}

TEST(DiskHealth, of_what_sleeps_is_known_by_the_sentence_alone_too) {
  for (const char* said :
       {"Device is in STANDBY mode, exit(2)", "Device is in STANDBY BY COMMAND mode, exit(2)",
        "Device is in STANDBY (OS) mode, exit(2)"}) {
    auto printed = Json::parse(R"({"smartctl":{"messages":[{"severity":"information"}],"exit_status":2}})");
    printed["smartctl"]["messages"][0]["string"] = said;
    EXPECT_EQ(diskHealth("sda", 2, dumpJson(printed)).at("health"), "asleep") << said;
  }
  EXPECT_EQ(diskHealth("sda", 4, R"({"power_mode":{"ata_value":255}})").at("health"), "unsupported")
      << "it is awake";
}

TEST(DiskHealth, of_what_smartctl_has_no_way_to_ask_is_not_unreadable) {
  // Debian's smartctl 7.3, of a controller's volume.
  EXPECT_EQ(diskHealth("sda", 2,
                       R"({"smartctl":{"messages":[{"string":"Smartctl open device: /dev/sda failed: )"
                       R"(DELL or MegaRaid controller, please try adding '-d megaraid,N'",)"
                       R"("severity":"error"}],"exit_status":2}})")
                .at("health"),
            "unsupported");
  EXPECT_EQ(diskHealth("sdb", 1,
                       R"({"smartctl":{"messages":[{"string":"/dev/sdb: Unknown USB bridge )"
                       R"([0x152d:0xb581 (0x4403)]","severity":"error"}],"exit_status":1}})")
                .at("health"),
            "unsupported");
}

TEST(DiskHealth, believes_no_odd_answer) {
  for (const char* odd : {"", "[]", "{", "passed", R"({"a":1,"a":2})"})
    EXPECT_EQ(diskHealth("sda", 0, odd).at("health"), "unreadable") << odd;
  const auto told =
      diskHealth("sda", 0,
                 R"({"smart_status":{"passed":"yes"},"temperature":{"current":"hot"},"power_on_time":[],
          "ata_smart_attributes":{"table":[5,{"id":5},{"id":5,"raw":{"value":-1}},{"id":197,"raw":{"value":18446744073709551615}}]}})");
  EXPECT_EQ(told.at("health"), "unsupported");
  EXPECT_TRUE(told.at("numbers").empty()) << told;
}

class StandIn : public testing::Test {
 protected:
  StandIn() {
    places_.program = folder_.path() / "smartctl";
    places_.block_devices = folder_.path() / "block";
    for (const char* name : {"sda", "nvme0n1", "vda", "loop0", "sr0", "dm-0", "nvme0", "sda;x", "sd-x"})
      std::filesystem::create_directories(places_.block_devices / name);
  }
  // A shell script in smartctl's place.
  void standIn(const std::string& script) const {
    std::ofstream(places_.program, std::ios::trunc) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(places_.program, std::filesystem::perms(0755));
  }
  Json ask(std::int64_t time_ns = 20 * kSecondNs) const {
    const std::atomic<bool> stopping = false;
    const auto told = disksHealthJson(places_, monotonicNow() + time_ns, stopping);
    return told ? Json::parse(*told).at("disks") : Json(told.error().text);
  }

  test::TemporaryFolder folder_;
  SmartPlaces places_;
};

TEST_F(StandIn, is_asked_for_disks_alone_and_by_exactly_these_arguments) {
  EXPECT_THAT(disksToAsk(places_.block_devices), ElementsAre("nvme0n1", "sda"));
  standIn("echo \"$@\" >> " + (folder_.path() / "asked").string() +
          "\ncat " REDFLAG_READS_FIXTURES "/sata.json\n");
  const auto disks = ask();
  ASSERT_EQ(disks.size(), 2U) << disks;
  EXPECT_EQ(disks[1].at("health"), "passed");
  std::ifstream asked(folder_.path() / "asked");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(asked), {}),
            "--json=c -H -A --nocheck=standby /dev/nvme0n1\n--json=c -H -A --nocheck=standby /dev/sda\n");
}

TEST_F(StandIn, that_hangs_or_floods_or_is_missing_holds_nothing_else_back) {
  EXPECT_THAT(ask().get<std::string>(), HasSubstr("smartmontools is not installed"));
  standIn("case $5 in /dev/sda) exec sleep 60;; *) cat " REDFLAG_READS_FIXTURES "/nvme.json;; esac\n");
  const auto before = monotonicNow();
  const auto disks = ask(2 * kSecondNs);
  EXPECT_LT(monotonicNow() - before, 10 * kSecondNs);
  EXPECT_EQ(disks[0].at("health"), "passed");
  EXPECT_EQ(disks[1].at("health"), "unreadable");
  EXPECT_THAT(disks[1].at("text").get<std::string>(), HasSubstr("was not done in time"));
  standIn("exec yes\n");
  EXPECT_THAT(ask()[0].at("text").get<std::string>(), HasSubstr("more than 1048576 bytes"));
}

TEST_F(StandIn, is_asked_by_the_desk_only_for_who_was_granted_it) {
  standIn("cat " REDFLAG_READS_FIXTURES "/sata.json\n");
  const auto say = [&](const std::vector<std::string>& granted, const std::string& target, bool body) {
    const auto desk = ReadDesk::open(granted, places_).value();
    platform::SpawnOptions options;
    desk->giveTo(options);
    platform::LocalStream stream(platform::Descriptor(::dup(options.descriptors.at(0).second)));
    desk->begin();
    EXPECT_TRUE(stream.send(host::encodeQuestion({"/dev", target, 100'000, 10'000}), kSecondNs));
    auto answer = stream.receive(100'000, 20 * kSecondNs);
    if (body) answer = stream.receive(100'000, 20 * kSecondNs);
    return answer && *answer ? **answer : std::string("closed");
  };
  EXPECT_THAT(say({"http:unix:/dev"}, "/smart", true), HasSubstr(R"("health":"passed")"));
  EXPECT_THAT(say({"http:unix:/proc"}, "/smart", false), HasSubstr("denied"));
  EXPECT_THAT(say({"http:unix:/dev"}, "/sda", false), HasSubstr("denied"));
}

}  // namespace
}  // namespace redflag::kernel
