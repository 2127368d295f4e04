// What an order means: the whole closure, or a reason why not. Nothing here changes anything.
#include <gtest/gtest.h>

#include "apt_root.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using apt::AptUpdater;

class AptPlan : public testing::Test {
 protected:
  AptPlan() { updater_.settings.root = root_.path(), updater_.settings.cache_dir = root_.cacheDir(); }

  // "operation name arch from to", or the code of the refusal.
  std::vector<std::string> plan(const std::string& name, const std::string& version,
                                const std::string& arch = "amd64") {
    if (run(&AptUpdater::plan, UpdaterOf::order(name, version, arch)) != rf::Status::kOk)
      return {updater_.lastCode()};
    std::vector<std::string> steps;
    const auto written = result();
    for (const auto& step : written.at("steps")) {
      std::string text;
      for (const auto* field : {"operation", "name", "arch", "from", "to"})
        text += (text.empty() ? "" : " ") + step.at(field).get<std::string>();
      steps.push_back(text);
    }
    return steps;
  }
  rf::Status run(UpdaterOf::Operation operation, const Json& request) {
    return updater_.run(operation, request);
  }
  Json result() const { return updater_.result(); }

  AptRoot root_;
  UpdaterOf updater_;
};

using Steps = std::vector<std::string>;

TEST_F(AptPlan, names_the_whole_closure_with_sizes) {
  root_.install({"app", "1.0"});
  root_.install({"lib", "1.0"});
  root_.install({"bystander", "1.0"});
  root_.addLists({"stable"}, {{"app", "2.0", "Depends: lib (>= 2.0), data\n"},
                              {"lib", "2.0"},
                              {"data", "1.0", "", "all"},
                              {"bystander", "2.0"}});
  EXPECT_EQ(plan("app", "2.0"),
            (Steps{"upgrade app amd64 1.0 2.0", "install data all  1.0", "upgrade lib amd64 1.0 2.0"}));
  EXPECT_EQ(result().at("download_bytes"), 3000);
  EXPECT_EQ(result().at("installed_bytes_delta"), 7 * 1024);
  EXPECT_EQ(result().at("needs_reboot"), false);
  EXPECT_EQ(result().at("steps")[0].at("requested"), true);
  EXPECT_EQ(result().at("steps")[1].at("requested"), false);
}

TEST_F(AptPlan, names_removals_and_security_and_reboots) {
  root_.install({"linux-image-amd64", "1.0"});
  root_.install({"old-module", "1.0"});
  root_.addLists({"stable-security"}, {{"linux-image-amd64", "2.0", "Conflicts: old-module\n"}});
  EXPECT_EQ(plan("linux-image-amd64", "2.0"),
            (Steps{"upgrade linux-image-amd64 amd64 1.0 2.0", "remove old-module amd64 1.0 "}));
  EXPECT_EQ(result().at("needs_reboot"), true);
  EXPECT_EQ(result().at("steps")[0].at("category"), "security");
  EXPECT_EQ(result().at("steps")[1].at("category"), "unknown");
}

TEST_F(AptPlan, names_running_services_that_use_what_it_replaces_or_removes) {
  root_.install({"app", "1.0"});
  root_.install({"lib", "1.0"});
  root_.install({"old", "1.0"});
  root_.install({"bystander", "1.0"});
  root_.addLists({"stable"}, {{"app", "2.0", "Depends: lib (>= 2.0)\nConflicts: old\n"}, {"lib", "2.0"}});
  root_.write("var/lib/dpkg/info/app.list", "/.\n/usr/sbin/appd\n");
  root_.write("var/lib/dpkg/info/lib:amd64.list", "/.\n/lib/x86_64-linux-gnu/lib.so.1\n");
  root_.write("var/lib/dpkg/info/old.list", "/usr/bin/oldd\n");
  root_.write("var/lib/dpkg/info/bystander.list", "/usr/bin/bystander\n");
  const auto in_root = [&](const std::string& file) { return root_.path().string() + file; };
  const auto group = [](const std::string& name, const std::vector<std::string>& files) {
    return Json{{"control_group", name}, {"files", files}};
  };
  updater_.fake.local_answers["/in-use"] = dumpJson(
      {{"groups",
        {group("/system.slice/app.service", {in_root("/usr/sbin/appd"), in_root("/usr/bin/bystander")}),
         group("/system.slice/web.service", {in_root("/usr/lib/x86_64-linux-gnu/lib.so.1")}),
         group("/system.slice/old.service/run-1", {in_root("/usr/bin/oldd")}),
         group("/system.slice/other.service", {in_root("/usr/bin/bystander")}),
         group("/system.slice/outside.service", {"/usr/sbin/appd"}),
         group("/user.slice/user-0.slice/session-1.scope", {in_root("/usr/sbin/appd")})}}});
  EXPECT_EQ(plan("app", "2.0").size(), 3U);
  EXPECT_EQ(result().at("restarts"), (Json{"app.service", "old.service", "web.service"}));
  EXPECT_EQ(plan("lib", "2.0").size(), 1U);
  EXPECT_EQ(result().at("restarts"), Json::array({"web.service"}));
}

TEST_F(AptPlan, names_no_services_where_nobody_says_what_runs) {
  root_.install({"app", "1.0"});
  root_.addLists({"stable"}, {{"app", "2.0"}});
  root_.write("var/lib/dpkg/info/app.list", "/usr/sbin/appd\n");
  updater_.fake.local_answers["/outdated"] = "";
  EXPECT_EQ(plan("app", "2.0").size(), 1U);
  EXPECT_EQ(result().at("restarts"), Json::array());
  EXPECT_FALSE(result().contains("restarts_incomplete")) << "nobody has to be there to ask";
  for (const char* answer : {"", "{", "[]", R"({"groups":1})", R"({"groups":[{"control_group":7}]})"}) {
    updater_.fake.local_answers["/in-use"] = answer;
    EXPECT_EQ(plan("app", "2.0").size(), 1U) << answer;
    EXPECT_EQ(result().at("restarts"), Json::array()) << answer;
    EXPECT_EQ(result().value("restarts_incomplete", false), true) << answer;
  }
}

TEST_F(AptPlan, says_that_it_may_not_name_every_service_where_the_answer_was_cut) {
  root_.install({"app", "1.0"});
  root_.addLists({"stable"}, {{"app", "2.0"}});
  root_.write("var/lib/dpkg/info/app.list", "/usr/sbin/appd\n");
  const auto planWhere = [&](const std::string& group, bool is_group_cut, bool is_cut) {
    const Json used = {{"control_group", group},
                       {"files", Json::array({root_.path().string() + "/usr/sbin/appd"})},
                       {"is_cut", is_group_cut}};
    updater_.fake.local_answers["/in-use"] = dumpJson({{"groups", Json::array({used})}, {"is_cut", is_cut}});
    EXPECT_EQ(plan("app", "2.0").size(), 1U);
    EXPECT_EQ(result().contains("restarts_incomplete"), updater_.fake.reported("apt.restarts_incomplete"));
    return result().value("restarts_incomplete", false);
  };
  EXPECT_FALSE(planWhere("/system.slice/app.service", false, false));
  EXPECT_TRUE(planWhere("/system.slice/app.service", false, true));
  EXPECT_EQ(result().at("restarts"), Json::array({"app.service"})) << "what is known is named";
  EXPECT_TRUE(planWhere("/system.slice/app.service", true, false));
  EXPECT_FALSE(planWhere("/user.slice/user-0.slice/session-1.scope", true, false)) << "no service is in it";
  EXPECT_TRUE(plan("app", "1.0").empty());
  EXPECT_FALSE(result().contains("restarts_incomplete")) << "nothing is replaced";
}

TEST_F(AptPlan, takes_exactly_the_approved_version) {
  root_.install({"tool", "1.0"});
  root_.addLists({"stable"}, {{"tool", "1.1"}});
  root_.addLists({"newer"}, {{"tool", "1.2"}});
  EXPECT_EQ(plan("tool", "1.1"), Steps{"upgrade tool amd64 1.0 1.1"});
  EXPECT_EQ(plan("tool", "1.3"), Steps{"apt.version_gone"});
}

TEST_F(AptPlan, takes_an_approved_version_that_two_archives_offer_from_the_one_that_the_pins_prefer) {
  root_.write("etc/apt/preferences.d/pins",
              "Package: first\nPin: release n=one\nPin-Priority: 900\n\n"
              "Package: second\nPin: release n=two\nPin-Priority: 900\n");
  root_.install({"first", "1.0"});
  root_.install({"second", "1.0"});
  for (const std::string suite : {"one", "two"}) {
    const auto needs = "Depends: of-" + suite + "\n";
    root_.addLists({suite},
                   {{"first", "2.0", needs}, {"second", "2.0", needs}, {"of-" + suite, "1.0", "", "all"}});
  }
  EXPECT_EQ(plan("first", "2.0"), (Steps{"upgrade first amd64 1.0 2.0", "install of-one all  1.0"}));
  EXPECT_EQ(plan("second", "2.0"), (Steps{"install of-two all  1.0", "upgrade second amd64 1.0 2.0"}));
}

TEST_F(AptPlan, refuses_what_cannot_or_must_not_be_done) {
  root_.install({"held", "1.0"}, "hold ok installed");
  root_.install({"ahead", "3.0"});
  root_.install({"stuck", "1.0"});
  root_.addLists(
      {"stable"},
      {{"held", "2.0"}, {"ahead", "2.0"}, {"absent", "2.0"}, {"stuck", "2.0", "Depends: nowhere\n"}});
  EXPECT_EQ(plan("held", "2.0"), Steps{"apt.held"});
  EXPECT_EQ(plan("ahead", "2.0"), Steps{"apt.newer_installed"});
  EXPECT_EQ(plan("absent", "2.0"), Steps{"apt.not_installed"});
  EXPECT_EQ(plan("unheard-of", "2.0"), Steps{"apt.not_installed"});
  EXPECT_EQ(plan("stuck", "2.0"), Steps{"apt.unresolvable"});
  EXPECT_EQ(plan("held", "1.0"), Steps{}) << "what is there needs no step";
}

TEST_F(AptPlan, takes_no_essential_package_away_whatever_the_settings_say) {
  root_.write("etc/apt/apt.conf.d/careless", "APT::Get::Allow-Solver-Remove-Essential \"true\";\n");
  root_.install({"base", "1.0", "Essential: yes\n"});
  root_.install({"boot", "1.0", "Protected: yes\n"});
  root_.install({"usual", "1.0"});
  for (const auto* name : {"one", "two", "three"})
    root_.install({name, "1.0"});
  root_.addLists({"stable"}, {{"one", "2.0", "Conflicts: base\n"},
                              {"two", "2.0", "Conflicts: boot\n"},
                              {"three", "2.0", "Conflicts: usual\n"}});
  EXPECT_EQ(plan("one", "2.0"), Steps{"apt.essential"});
  EXPECT_EQ(plan("two", "2.0"), Steps{"apt.essential"});
  EXPECT_EQ(plan("three", "2.0"), (Steps{"upgrade three amd64 1.0 2.0", "remove usual amd64 1.0 "}));
}

TEST_F(AptPlan, refuses_on_top_of_broken_dependencies) {
  root_.install({"broken", "1.0", "Depends: nowhere\n"});
  root_.install({"tool", "1.0"});
  root_.addLists({"stable"}, {{"tool", "1.1"}});
  EXPECT_EQ(plan("tool", "1.1"), Steps{"apt.broken_dependencies"});
}

TEST_F(AptPlan, keeps_architectures_of_one_package_together) {
  root_.addForeignArchitecture("i386");
  const std::string same = "Multi-Arch: same\n";
  root_.install({"lib", "1.0", same});
  root_.install({"lib", "1.0", same, "i386"});
  root_.addLists({"stable"}, {{"lib", "1.1", same}, {"lib", "1.1", same, "i386"}});
  EXPECT_EQ(plan("lib", "1.1", "i386"), (Steps{"upgrade lib amd64 1.0 1.1", "upgrade lib i386 1.0 1.1"}));
}

TEST_F(AptPlan, verifies_by_dpkgs_own_database) {
  root_.install({"newer", "1:1.0"});
  root_.install({"exact", "1.1"});
  root_.install({"older", "1.0"});
  root_.install({"half", "1.1"}, "install ok half-configured");
  root_.addLists({"stable"}, {});
  auto updates = Json::array();
  for (const auto* name : {"newer", "exact", "older", "half", "absent"})
    updates.push_back(
        {{"name", name}, {"arch", "amd64"}, {"version", "1.1"}, {"key", std::string(name) + ":amd64"}});
  ASSERT_EQ(run(&AptUpdater::verify, {{"updates", updates}}), rf::Status::kOk);
  std::vector<bool> verified;
  const auto answered = result();
  for (const auto& row : answered.at("updates"))
    verified.push_back(row.at("verified").get<bool>());
  EXPECT_EQ(verified, (std::vector<bool>{true, true, false, false, false}));
}

TEST_F(AptPlan, knows_what_is_there_of_a_package_that_is_to_be_one_for_all_architectures) {
  root_.install({"tool", "1.0"});
  root_.addLists({"stable"}, {{"tool", "2.0", "", "all"}});
  EXPECT_EQ(plan("tool", "2.0", "all"), Steps{"upgrade tool all 1.0 2.0"});
  ASSERT_EQ(run(&AptUpdater::verify, UpdaterOf::order("tool", "2.0", "all")), rf::Status::kOk);
  EXPECT_EQ(result().at("updates")[0].at("installed_version"), "1.0");
  EXPECT_EQ(result().at("updates")[0].at("verified"), false);
}

TEST_F(AptPlan, refuses_malformed_requests_and_names_the_member) {
  root_.addLists({"stable"}, {});
  for (const auto& [request, member] : std::vector<std::pair<Json, std::string>>{
           {Json::object(), "request.updates"},
           {{{"updates", {{{"name", "a"}, {"arch", "b"}}}}}, "request.updates[0].version"},
           {{{"updates", {{{"name", "a"}, {"arch", "b"}, {"version", "1"}, {"extra", 1}}}}},
            "request.updates[0].extra"},
           {{{"updates", Json::array()}, {"other", 1}}, "request.other"}}) {
    EXPECT_EQ(run(&AptUpdater::plan, request), rf::Status::kInvalid);
    ASSERT_EQ(updater_.fake.reports.size(), 1U);
    EXPECT_NE(updater_.fake.reports[0].text.find(member), std::string::npos) << updater_.fake.reports[0].text;
  }
  EXPECT_EQ(run(&AptUpdater::install, {{"updates", Json::array()}}), rf::Status::kInvalid) << "no plan";
}

}  // namespace
}  // namespace redflag::test
