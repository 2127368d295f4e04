// What the machine can be ordered to do, with a stand-in for the programs that would do it.
#include <gmock/gmock.h>

#include <fstream>

#include "actions.h"
#include "support/fake_host.h"

namespace redflag::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Notes what it is asked to run, and answers what the test says. Nothing is ever started.
class StandIn : public system::Machine {
 public:
  rf::Value<rf::ExecResult> run(const std::vector<std::string>& argv) override {
    std::string line;
    for (const auto& word : argv)
      line += (line.empty() ? "" : " ") + word;
    ran.push_back(line);
    if (missing) return {rf::Status::kNotApplicable, argv[0] + " is not there"};
    const auto answer = answers.find(line);
    return answer == answers.end() ? rf::ExecResult{} : answer->second;
  }
  std::vector<std::string> ran;
  std::map<std::string, rf::ExecResult> answers;
  bool missing = false;
};

rf::ExecResult said(std::int32_t exit_code, const std::string& out, const std::string& err = "") {
  rf::ExecResult result;
  result.exit_code = exit_code;
  result.out = out;
  result.err = err;
  return result;
}

class SystemActions : public testing::Test {
 protected:
  SystemActions() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-actions-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fake_.files = root_;
    write("proc/sys/kernel/osrelease", "6.1.0-37-amd64\n");
    write("boot/vmlinuz-6.1.0-37-amd64");
    write("boot/vmlinuz-6.1.0-40-amd64");
  }
  ~SystemActions() override { std::filesystem::remove_all(root_); }
  void write(const std::string& file, const std::string& content = "") const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  rf::Status act(const std::string& action, const Json& parameters = Json::object()) {
    rf::Run run(fake_.newRun());
    written_.clear();
    rf::Output output({&written_, [](void* data, rf_str bytes) {
                         static_cast<std::string*>(data)->append(bytes.data, bytes.size);
                         return RF_OK;
                       }});
    return system::SystemActions(fake_.host(), machine_)
        .run(run, dumpJson({{"action", action}, {"parameters", parameters}}), output);
  }
  Json result() const { return Json::parse(written_); }

  std::filesystem::path root_;
  FakeHost fake_;
  StandIn machine_;
  std::string written_;
};

TEST_F(SystemActions, restarts_after_the_delay_and_promises_the_kernel_that_was_installed_last) {
  ASSERT_EQ(act("reboot", {{"delay_min", 15}, {"message", "-h\nnow"}}), rf::Status::kOk);
  EXPECT_THAT(machine_.ran, ElementsAre("/usr/sbin/shutdown -r -- +15 -h now"));
  EXPECT_EQ(result(), Json::parse(R"({"delay_min":15,"reboots":{"after_s":900,"kernel":"6.1.0-40-amd64"}})"));
}

TEST_F(SystemActions, never_restarts_at_once) {
  ASSERT_EQ(act("reboot"), rf::Status::kOk);
  EXPECT_THAT(machine_.ran, ElementsAre("/usr/sbin/shutdown -r -- +1"));
}

TEST_F(SystemActions, expects_no_kernel_where_none_is_known) {
  std::filesystem::remove_all(root_ / "boot");
  ASSERT_EQ(act("reboot"), rf::Status::kOk);
  EXPECT_EQ(result().at("reboots").at("kernel"), "");
}

TEST_F(SystemActions, a_restart_that_is_refused_or_impossible_promises_nothing) {
  machine_.answers["/usr/sbin/shutdown -r -- +1"] = said(1, "", "Interactive authentication required.\n");
  EXPECT_EQ(act("reboot"), rf::Status::kPermanent);
  EXPECT_TRUE(fake_.reported("system.reboot_refused"));
  EXPECT_THAT(fake_.reports.back().text, HasSubstr("Interactive authentication"));
  EXPECT_EQ(written_, "");
  machine_.missing = true;
  EXPECT_EQ(act("reboot"), rf::Status::kNotApplicable);
  EXPECT_EQ(written_, "");
}

TEST_F(SystemActions, takes_a_restart_back) {
  write("run/systemd/shutdown/scheduled", "USEC=1764544980000000\nWARN_WALL=1\nMODE=reboot\n");
  ASSERT_EQ(act("cancel_reboot"), rf::Status::kOk);
  EXPECT_THAT(machine_.ran, ElementsAre("/usr/sbin/shutdown -c"));
  EXPECT_EQ(result(), Json({{"reboot_cancelled", true}}));
}

TEST_F(SystemActions, takes_no_restart_back_where_none_waits) {
  ASSERT_EQ(act("cancel_reboot"), rf::Status::kOk);
  EXPECT_THAT(machine_.ran, ElementsAre("/usr/sbin/shutdown -c"));
  EXPECT_EQ(result(), Json({{"reboot_cancelled", false}}));
}

TEST_F(SystemActions, leaves_what_waits_and_is_no_restart) {
  write("run/systemd/shutdown/scheduled", "USEC=1764544980000000\nWARN_WALL=1\nMODE=poweroff\n");
  ASSERT_EQ(act("cancel_reboot"), rf::Status::kOk);
  EXPECT_TRUE(machine_.ran.empty());
  EXPECT_EQ(result(), Json({{"reboot_cancelled", false}}));
  EXPECT_TRUE(fake_.reported("system.no_restart"));
}

TEST_F(SystemActions, a_restart_that_cannot_be_taken_back_is_not_said_to_be) {
  write("run/systemd/shutdown/scheduled", "USEC=1764544980000000\nWARN_WALL=1\nMODE=reboot\n");
  machine_.answers["/usr/sbin/shutdown -c"] = said(1, "", "Failed to cancel: it is too late\n");
  EXPECT_EQ(act("cancel_reboot"), rf::Status::kPermanent);
  EXPECT_EQ(written_, "");
}

TEST_F(SystemActions, restarts_each_service_and_says_what_became_of_it) {
  machine_.answers["/usr/bin/systemctl is-active -- nginx.service"] = said(0, "active\n");
  machine_.answers["/usr/bin/systemctl restart -- bad.service"] =
      said(5, "", "Unit bad.service not found.\n");
  machine_.answers["/usr/bin/systemctl is-active -- bad.service"] = said(3, "inactive\n");
  EXPECT_EQ(act("restart_services", {{"services", {"nginx.service", "bad.service"}}}),
            rf::Status::kPermanent);
  EXPECT_EQ(result(), Json::parse(R"({"services":[
    {"name":"nginx.service","restarted":true,"state":"active","text":""},
    {"name":"bad.service","restarted":false,"state":"inactive","text":"Unit bad.service not found."}]})"));
  EXPECT_TRUE(fake_.reported("system.not_restarted"));
}

TEST_F(SystemActions, does_not_restart_what_carries_the_order_out) {
  EXPECT_EQ(act("restart_services", {{"services", {"redflag-executor.service"}}}), rf::Status::kPermanent);
  EXPECT_TRUE(machine_.ran.empty());
}

TEST_F(SystemActions, does_not_restart_the_message_bus_under_those_that_hang_on_it) {
  EXPECT_EQ(act("restart_services", {{"services", {"dbus-broker.service", "nginx.service", "dbus.service"}}}),
            rf::Status::kPermanent);
  EXPECT_THAT(machine_.ran, ElementsAre("/usr/bin/systemctl restart -- nginx.service",
                                        "/usr/bin/systemctl is-active -- nginx.service"));
  EXPECT_EQ(result().at("services")[0].at("restarted"), false);
  EXPECT_THAT(result().at("services")[0].at("text").get<std::string>(), HasSubstr("restart of the machine"));
}

TEST_F(SystemActions, an_unknown_action_does_nothing) {
  EXPECT_EQ(act("format"), rf::Status::kUnsupported);
  EXPECT_TRUE(machine_.ran.empty());
}

}  // namespace
}  // namespace redflag::test
