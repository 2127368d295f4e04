// What is handed on of what systemctl shows, as it was recorded on a machine that boots (fixtures/README.md).
// The systemctl that these tests start is a double, which prints that: the real one is asked in
// tests/e2e/boot_test.mjs.
#include "reads/unit_questions.h"

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

using testing::HasSubstr;

TEST(UnitQuestions, are_one) {
  EXPECT_TRUE(isUnitQuestion("/failed"));
  for (const char* other : {"", "/", "/failed/", "/failed?all=1", "/system", "/failed ssh.service"})
    EXPECT_FALSE(isUnitQuestion(other)) << other;
}

TEST(FailedUnits, are_what_systemctl_shows_of_them) {
  std::ifstream in(REDFLAG_READS_FIXTURES "/failed_units.txt");
  ASSERT_TRUE(in);
  const auto units = failedUnits(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_TRUE(units) << units.error().text;
  EXPECT_EQ(*units, Json::parse(R"({"units":[
    {"name":"demo-failing.service","description":"A service that always fails","result":"exit-code","status":3},
    {"name":"srv-missing.mount","description":"/srv/missing","result":"exit-code","status":0}]})"));
}

TEST(FailedUnits, are_none_where_nothing_is_shown) {
  for (const char* nothing : {"", "\n", "\n\n\n"})
    EXPECT_EQ(failedUnits(nothing).value(), Json({{"units", Json::array()}})) << nothing;
}

TEST(FailedUnits, are_at_most_as_many_as_fit) {
  std::string shown;
  for (int i = 0; i < 1000; ++i)
    shown += "Id=a" + std::to_string(i) + ".service\nDescription=" + std::string(900, 'x') + "\n\n";
  const auto told = failedUnits(shown).value();
  EXPECT_EQ(told.at("units").size(), 200U);
  EXPECT_EQ(told.at("units")[0].at("description").get<std::string>().size(), 300U);
  EXPECT_EQ(told.at("total"), 1000);
}

TEST(FailedUnits, say_how_many_there_are_only_where_some_are_left_out) {
  std::string shown;
  for (int i = 0; i < 200; ++i)
    shown += "Id=a" + std::to_string(i) + ".service\n\n";
  EXPECT_FALSE(failedUnits(shown).value().contains("total"));
  const auto told = failedUnits(shown + "Id=last.service\n").value();
  EXPECT_EQ(told.at("units").size(), 200U);
  EXPECT_EQ(told.at("total"), 201);
}

TEST(FailedUnits, have_a_name_that_a_unit_can_have_and_text_of_one_line) {
  for (const char* odd : {"Description=x\n", "Id=\n", "Id=no suffix\n", "Id=a;b.service\n", "=\n", "Id\n"})
    EXPECT_FALSE(failedUnits(odd)) << odd;
  const auto unit =
      failedUnits("Id=dev-disk-by\\x2dlabel-x.swap\nDescription=a\x1b[31m\nExecMainStatus=99999\n")
          .value()
          .at("units")
          .at(0);
  EXPECT_EQ(unit.at("name"), "dev-disk-by\\x2dlabel-x.swap");
  EXPECT_EQ(unit.at("description"), "a [31m");
  EXPECT_EQ(unit.at("status"), 0);
}

class ServiceManager : public testing::Test {
 protected:
  ServiceManager() {
    places_.program = folder_.path() / "systemctl";
    places_.booted = folder_.path() / "system";
    std::filesystem::create_directory(places_.booted);
  }
  // A shell script in systemctl's place.
  void standIn(const std::string& script) const {
    std::ofstream(places_.program, std::ios::trunc) << "#!/bin/sh\n" << script;
    std::filesystem::permissions(places_.program, std::filesystem::perms(0755));
  }
  Result<std::string> ask() const {
    const std::atomic<bool> stopping = false;
    return failedUnitsJson(places_, monotonicNow() + 2 * kSecondNs, stopping);
  }

  test::TemporaryFolder folder_;
  UnitPlaces places_;
};

TEST_F(ServiceManager, is_asked_by_exactly_these_arguments) {
  standIn("echo \"$@\" > " + (folder_.path() / "asked").string() +
          "\ncat " REDFLAG_READS_FIXTURES "/failed_units.txt\n");
  const auto told = ask();
  ASSERT_TRUE(told) << told.error().text;
  EXPECT_EQ(Json::parse(*told).at("units").size(), 2U);
  std::ifstream asked(folder_.path() / "asked");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(asked), {}),
            "show --state=failed --property=Id,Description,Result,ExecMainStatus --no-pager -- *\n");
}

TEST_F(ServiceManager, that_says_nothing_of_use_says_that_no_unit_has_failed_never) {
  EXPECT_EQ(ask().error().code, Code::kNotFound) << "no systemctl";
  standIn("exit 1\n");
  EXPECT_EQ(ask().error().code, Code::kUnavailable);
  standIn("echo Id=; exit 0\n");
  EXPECT_EQ(ask().error().code, Code::kInvalid);
  standIn("exec sleep 60\n");
  EXPECT_THAT(ask().error().text, HasSubstr("was not done in time"));
  standIn("exec yes\n");
  EXPECT_EQ(ask().error().code, Code::kLimit);
  std::filesystem::remove(places_.booted);
  EXPECT_EQ(ask().error().code, Code::kNotFound) << "another init, or none";
}

TEST_F(ServiceManager, is_asked_by_the_desk_only_for_who_was_granted_it) {
  standIn("cat " REDFLAG_READS_FIXTURES "/failed_units.txt\n");
  const auto say = [&](const std::vector<std::string>& granted, const std::string& target, bool body) {
    const auto desk = ReadDesk::open(granted, {}, places_).value();
    platform::SpawnOptions options;
    desk->giveTo(options);
    platform::LocalStream stream(platform::Descriptor(::dup(options.descriptors.at(0).second)));
    desk->begin();
    EXPECT_TRUE(stream.send(host::encodeQuestion({"/run/systemd", target, 100'000, 10'000}), kSecondNs));
    auto answer = stream.receive(100'000, 20 * kSecondNs);
    if (body) answer = stream.receive(100'000, 20 * kSecondNs);
    return answer && *answer ? **answer : std::string("closed");
  };
  EXPECT_THAT(say({"http:unix:/run/systemd"}, "/failed", true), HasSubstr("demo-failing.service"));
  EXPECT_THAT(say({"http:unix:/proc"}, "/failed", false), HasSubstr("denied"));
  EXPECT_THAT(say({"http:unix:/run/systemd"}, "/units", false), HasSubstr("denied"));
}

}  // namespace
}  // namespace redflag::kernel
