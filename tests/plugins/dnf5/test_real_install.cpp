// Updates are planned and carried out by the real dnf5, on a real rpm database: exactly the plan, or nothing.
#include <gmock/gmock.h>

#include <array>

#include "base/time.h"
#include "real_updater.h"
#include "support/lock_holder.h"

namespace redflag::test {
namespace {

using testing::HasSubstr;
using Steps = std::vector<std::string>;

class RealInstall : public RealUpdater {};

TEST_F(RealInstall, brings_exactly_the_approved_version) {
  install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}, {"tool", "1.2-1"}, {"other", "2.0-1"}});
  refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_EQ(stepsOf(planned), Steps{"upgrade tool.x86_64 1.0-1>1.1-1"});
  EXPECT_EQ(planned.at("download_bytes"), std::filesystem::file_size(rpmFile({"tool", "1.1-1"})));
  EXPECT_EQ(planned.at("needs_reboot"), false);
  EXPECT_EQ(planned.at("steps")[0].at("requested"), true);
  EXPECT_EQ(installed(), (Rows{"tool-1.0-1.x86_64", "other-1.0-1.x86_64"}));
  ASSERT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool done"});
  EXPECT_EQ(updater_.result().at("history_id"), 1);
  EXPECT_EQ(installed(), (Rows{"tool-1.1-1.x86_64", "other-1.0-1.x86_64"}));
  EXPECT_FALSE(updater_.fake.lines.empty());
  ASSERT_EQ(run(&Updater::verify, tool("1.1-1")), rf::Status::kOk);
  EXPECT_EQ(updater_.result().at("updates")[0].at("verified"), true);
  ASSERT_EQ(run(&Updater::verify, tool("1.2-1")), rf::Status::kOk);
  EXPECT_EQ(updater_.result().at("updates")[0].at("verified"), false);
}

TEST_F(RealInstall, brings_everything_that_an_update_needs_and_removes_what_is_replaced) {
  install({{"tool", "1:1.0-1"}, {"lib", "1.0-1", "", "noarch"}, {"old", "1.0-1", "", "noarch"}});
  addRepository("base", {{"tool", "1:2.0-1", "Requires: lib >= 2\nRequires: new\n"},
                         {"lib", "2.0-1", "", "noarch"},
                         {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  refresh();
  const auto planned = plan(tool("1:2.0-1"));
  EXPECT_EQ(stepsOf(planned), (Steps{"upgrade lib.noarch 1.0-1>2.0-1", "install new.noarch >2.0-1",
                                     "remove old.noarch 1.0-1>", "upgrade tool.x86_64 1:1.0-1>1:2.0-1"}));
  ASSERT_EQ(install(tool("1:2.0-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(resultsOf(updater_.result()), (Rows{"lib done", "new done", "old done", "tool done"}));
  EXPECT_EQ(installed(), (Rows{"tool-1:2.0-1.x86_64", "lib-2.0-1.noarch", "new-2.0-1.noarch"}));
}

TEST_F(RealInstall, names_running_services_that_use_what_the_plan_replaces_or_removes) {
  install({{"tool", "1:1.0-1", "", "x86_64", "", "/usr/sbin/toold"},
           {"lib", "1.0-1", "", "noarch", "", "/usr/lib64/lib.so.1"},
           {"old", "1.0-1", "", "noarch", "", "/usr/bin/oldd"},
           {"other", "1.0-1", "", "noarch", "", "/usr/bin/other"}});
  addRepository("base", {{"tool", "1:2.0-1", "Requires: lib >= 2\nRequires: new\n"},
                         {"lib", "2.0-1", "", "noarch"},
                         {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  refresh();
  const auto group = [](const std::string& unit, const std::string& file) {
    return Json{{"control_group", "/system.slice/" + unit}, {"files", {file}}};
  };
  updater_.fake.local_answers["/in-use"] =
      dumpJson({{"groups",
                 {group("tool.service", "/usr/sbin/toold"), group("web.service", "/usr/lib64/lib.so.1"),
                  group("old.service", "/usr/bin/oldd"), group("other.service", "/usr/bin/other")}}});
  EXPECT_EQ(plan(tool("1:2.0-1")).at("restarts"), (Json{"old.service", "tool.service", "web.service"}));
}

TEST_F(RealInstall, removes_nothing_that_was_not_confirmed) {
  install({{"tool", "1.0-1"}, {"old", "1.0-1", "", "noarch"}});
  addRepository("base", {{"tool", "2.0-1", "Requires: new\n"}, {"new", "2.0-1", "", "noarch"}});
  refresh();
  const auto planned = plan(tool("2.0-1"));
  EXPECT_EQ(planned.at("steps").size(), 2U);
  addRepository("base",
                {{"tool", "2.0-1", "Requires: new\n"}, {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  refresh();
  EXPECT_EQ(install(tool("2.0-1"), planned), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf5.plan_changed");
  EXPECT_THAT(updater_.lastText(), HasSubstr("remove old.noarch 1.0-1"));
  EXPECT_EQ(installed(), (Rows{"tool-1.0-1.x86_64", "old-1.0-1.noarch"}));
  ASSERT_EQ(install(tool("2.0-1"), plan(tool("2.0-1"))), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed(), (Rows{"tool-2.0-1.x86_64", "new-2.0-1.noarch"}));
}

TEST_F(RealInstall, adds_a_kernel_and_removes_the_one_too_many) {
  const std::string kernel = "Provides: installonlypkg(kernel)\n";
  install({{"kernel", "6.0-1", kernel}, {"kernel", "6.1-1", kernel}});
  addRepository("base", {{"kernel", "6.2-1", kernel}});
  write("etc/dnf/dnf.conf", "[main]\ninstallonly_limit=2\n");
  refresh();
  const auto wanted = Run::order("kernel", "6.2-1", "x86_64");
  const auto planned = plan(wanted);
  EXPECT_EQ(stepsOf(planned), (Steps{"install kernel.x86_64 >6.2-1", "remove kernel.x86_64 6.0-1>"}));
  EXPECT_EQ(planned.at("needs_reboot"), true);
  ASSERT_EQ(install(wanted, planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed(), (Rows{"kernel-6.1-1.x86_64", "kernel-6.2-1.x86_64"}));
}

TEST_F(RealInstall, plans_without_rights_what_root_plans) {
  install({{"tool", "1.0-1"}, {"lib", "1.0-1"}});
  addRepository("base", {{"tool", "2.0-1", "Requires: lib >= 2\n"}, {"lib", "2.0-1"}});
  refresh();
  const auto by_root = plan(tool("2.0-1"));
  const auto as_root = updater_.fake.exec;
  updater_.fake.exec = [as_root](std::vector<std::string> argv) {
    argv.insert(argv.begin() + 1, "--setopt=logdir=/tmp");
    argv.insert(argv.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    return as_root(argv);
  };
  EXPECT_EQ(plan(tool("2.0-1")), by_root);
}

TEST_F(RealInstall, refuses_what_is_not_signed_where_signatures_are_asked_for) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}}, "gpgcheck=1\n");
  refresh();
  EXPECT_EQ(install(tool("1.1-1"), plan(tool("1.1-1"))), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf5.install_failed");
  EXPECT_THAT(updater_.lastText(), HasSubstr("The package is not signed"));
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool not_started"});
  EXPECT_EQ(installed(), Rows{"tool-1.0-1.x86_64"});
}

// An order is a yes to packages, and never to a key.
TEST_F(RealInstall, imports_no_key_and_believes_one_that_an_administrator_imported) {
  const SigningKey key;
  std::filesystem::copy_file(key.file(), root_ / "srv/key.asc");
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}}, "gpgcheck=1\ngpgkey=file:///srv/key.asc\n", &key);
  write("etc/dnf/dnf.conf", "[main]\nassumeyes=1\ndefaultyes=1\n");
  refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf5.key_missing");
  EXPECT_THAT(updater_.lastText(), HasSubstr("tool-1.1-1.x86_64"));
  EXPECT_EQ(installed(), Rows{"tool-1.0-1.x86_64"});
  EXPECT_EQ(inside({"rpm", "-q", "gpg-pubkey"}).code, 1);
  EXPECT_EQ(inside({"rpm", "--import", "/srv/key.asc"}).code, 0);
  ASSERT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed(), Rows{"tool-1.1-1.x86_64"});
}

TEST_F(RealInstall, tells_the_truth_about_a_package_that_refuses_itself) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1", "", "x86_64", "%pre -p <lua>\nerror(\"not today\")\n"}});
  refresh();
  EXPECT_EQ(install(tool("1.1-1"), plan(tool("1.1-1"))), rf::Status::kPermanent);
  EXPECT_TRUE(updater_.fake.reported("dnf5.install_failed"));
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool not_started"});
  EXPECT_EQ(installed(), Rows{"tool-1.0-1.x86_64"});
}

TEST_F(RealInstall, says_why_an_update_cannot_be_planned) {
  install({{"tool", "1.0-1"}, {"ahead", "3.0-1"}, {"locked", "1.0-1"}, {"shut", "1.0-1"}});
  write("etc/dnf/dnf.conf", "[main]\nexcludepkgs=shut\n");
  addRepository("base", {{"tool", "1.1-1"},
                         {"tool", "1:1.2-1"},
                         {"tool", "2.0-1", "Requires: nobody-has-this\n"},
                         {"ahead", "2.0-1"},
                         {"locked", "2.0-1"},
                         {"shut", "2.0-1"},
                         {"stranger", "1.0-1"}});
  refresh();
  write("etc/dnf/versionlock.toml",
        "version = \"1.0\"\n[[packages]]\nname = \"locked\"\n[[packages.conditions]]\nkey = \"evr\"\n"
        "comparator = \"=\"\nvalue = \"1.0-1\"\n");
  const std::vector<std::pair<std::array<const char*, 3>, std::string>> refused{
      {{"tool", "9.9-1", "x86_64"}, "dnf5.version_gone"},
      {{"tool", "1.2-1", "x86_64"}, "dnf5.version_gone"},
      {{"tool", "2.0-1", "x86_64"}, "dnf5.unresolvable"},
      {{"ahead", "2.0-1", "x86_64"}, "dnf5.newer_installed"},
      {{"locked", "2.0-1", "x86_64"}, "dnf5.held"},
      {{"shut", "2.0-1", "x86_64"}, "dnf5.excluded"},
      {{"stranger", "1.0-1", "x86_64"}, "dnf5.not_installed"},
      {{"-x", "1.1-1", "x86_64"}, "dnf5.bad_request"},
      {{"tool", "1.1-1", "rpm"}, "dnf5.bad_request"},
      {{"to*", "1.1-1", "x86_64"}, "dnf5.bad_request"}};
  for (const auto& [update, code] : refused) {
    EXPECT_NE(run(&Updater::plan, Run::order(update[0], update[1], update[2])), rf::Status::kOk) << code;
    EXPECT_EQ(updater_.lastCode(), code) << updater_.lastText();
  }
  EXPECT_EQ(stepsOf(plan(tool("1.1-1"))), Steps{"upgrade tool.x86_64 1.0-1>1.1-1"});
}

TEST_F(RealInstall, has_nothing_to_do_where_the_version_is_there_already) {
  install({{"tool", "1.1-1"}});
  addRepository("base", {{"tool", "1.1-1"}});
  refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_TRUE(planned.at("steps").empty());
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk);
  EXPECT_FALSE(updater_.result().contains("history_id"));
}

TEST_F(RealInstall, waits_for_whoever_holds_a_lock_and_gives_up_in_time) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}});
  refresh();
  const auto planned = plan(tool("1.1-1"));
  for (const auto* lock : {"var/lib/rpm/.rpm.lock", "var/lib/dnf/system-repo.lock"}) {
    const LockHolder other(root_ / lock);
    const auto begin = monotonicNow();
    EXPECT_EQ(install(tool("1.1-1"), planned, 2), rf::Status::kTransient) << lock;
    EXPECT_LT(monotonicNow() - begin, 20 * kSecondNs);
    EXPECT_EQ(updater_.lastCode(), "dnf5.locked");
    EXPECT_EQ(installed(), Rows{"tool-1.0-1.x86_64"});
  }
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
}

TEST_F(RealInstall, downloads_ahead_without_changing_anything) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}});
  refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_EQ(carryOut(&Updater::download, tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed(), Rows{"tool-1.0-1.x86_64"});
  std::filesystem::remove(root_ / "srv/base" / rpmFile({"tool", "1.1-1"}).filename());
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed(), Rows{"tool-1.1-1.x86_64"});
}

class RealRollback : public RealUpdater {
 protected:
  rf::Status rollBack(Json order) {
    order["rollback"] = true;
    if (const auto planned = run(&Updater::plan, order); planned != rf::Status::kOk) return planned;
    return carryOut(&Updater::rollback, order, updater_.result());
  }
};

TEST_F(RealRollback, goes_back_to_a_version_that_a_repository_still_offers) {
  install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  addRepository("base", {{"tool", "1.0-1"}, {"tool", "2.0-1"}});
  refresh();
  ASSERT_EQ(install(tool("2.0-1"), plan(tool("2.0-1"))), rf::Status::kOk);
  ASSERT_EQ(rollBack(tool("1.0-1")), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(stepsOf(updater_.result()), Steps{"downgrade tool.x86_64 2.0-1>1.0-1"});
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool done"});
  EXPECT_EQ(updater_.result().at("history_id"), 2) << "a transaction of dnf5's own, which its history has";
  EXPECT_EQ(installed(), (Rows{"tool-1.0-1.x86_64", "other-1.0-1.x86_64"}));
}

TEST_F(RealRollback, names_what_cannot_be_had_any_more) {
  install({{"tool", "2.0-1"}});
  addRepository("base", {{"tool", "2.0-1"}});
  refresh();
  EXPECT_EQ(rollBack(tool("1.0-1")), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf5.version_gone");
  EXPECT_EQ(updater_.lastText(), "tool.x86_64 1.0-1: no repository offers this version");
  EXPECT_EQ(rollBack(tool("3.0-1")), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf5.nothing_to_undo");
}

TEST_F(RealRollback, does_not_happen_where_more_would_change) {
  install({{"lib", "2.0-1"}, {"tool", "2.0-1", "Requires: lib >= 2\n"}});
  addRepository("base", {{"lib", "1.0-1"}, {"lib", "2.0-1"}, {"tool", "1.0-1"}});
  refresh();
  EXPECT_EQ(rollBack(Run::order("lib", "1.0-1", "x86_64")), rf::Status::kPermanent);
  EXPECT_THAT(updater_.lastCode(), testing::AnyOf("dnf5.rollback_needs_more", "dnf5.unresolvable"));
  EXPECT_EQ(installed(), (Rows{"lib-2.0-1.x86_64", "tool-2.0-1.x86_64"}));
}

}  // namespace
}  // namespace redflag::test
