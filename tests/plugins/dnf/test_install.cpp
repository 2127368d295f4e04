// Updates are planned by libdnf and carried out by dnf, on a real rpm database: exactly the plan, or nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>

#include "../../support/cannot_run.h"
#include "base/time.h"
#include "scan_of.h"
#include "support/lock_holder.h"
#include "support/tiny_disk.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using Rows = std::set<std::string>;

class DnfInstall : public testing::Test {
 protected:
  DnfInstall() : updater_(root_), scan_(root_) {}

  Json plan(const Json& order) {
    EXPECT_EQ(updater_.run(&dnf::DnfUpdater::plan, order), rf::Status::kOk) << updater_.lastCode();
    return updater_.result();
  }
  rf::Status install(Json order, const Json& plan, std::int64_t seconds = 120) {
    order["plan"] = plan;
    return updater_.run(&dnf::DnfUpdater::install, order, seconds);
  }
  static Json order(const std::vector<std::array<std::string, 3>>& updates) {
    auto list = Json::array();
    for (const auto& [name, arch, version] : updates)
      list.push_back({{"name", name}, {"arch", arch}, {"version", version}});
    return {{"updates", std::move(list)}};
  }
  // "operation name.arch from>to" of each step.
  static std::vector<std::string> stepsOf(const Json& plan) {
    std::vector<std::string> steps;
    for (const auto& step : plan.at("steps"))
      steps.push_back(step.at("operation").get<std::string>() + " " + step.at("name").get<std::string>() +
                      "." + step.at("arch").get<std::string>() + " " + step.at("from").get<std::string>() +
                      ">" + step.at("to").get<std::string>());
    return steps;
  }
  static Rows resultsOf(const Json& result) {
    Rows results;
    for (const auto& step : result.at("steps"))
      results.insert(step.at("name").get<std::string>() + " " + step.at("result").get<std::string>());
    return results;
  }
  static Json tool(const std::string& version) { return UpdaterOf::order("tool", version, "x86_64"); }

  DnfRoot root_;
  UpdaterOf updater_;
  ScanOf scan_;
};

using Steps = std::vector<std::string>;

TEST_F(DnfInstall, brings_exactly_the_approved_version_and_a_second_scan_proves_it) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository(
      {.id = "base", .advisories = {{"T-1", "security", "Low", {}, {{"tool", "1.1-1"}}, true}}},
      {{"tool", "1.1-1"}, {"tool", "1.2-1"}, {"other", "2.0-1"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_EQ(stepsOf(planned), Steps{"upgrade tool.x86_64 1.0-1>1.1-1"});
  EXPECT_EQ(planned.at("download_bytes"), std::filesystem::file_size(rpmFile({"tool", "1.1-1"})));
  EXPECT_EQ(planned.at("needs_reboot"), true);
  EXPECT_EQ(planned.at("steps")[0].at("requested"), true);
  EXPECT_EQ(planned.at("steps")[0].at("category"), "security");
  EXPECT_EQ(root_.installed(), (Rows{"tool-1.0-1.x86_64", "other-1.0-1.x86_64"}));
  ASSERT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.fake.reports.back().text;
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool done"});
  EXPECT_EQ(updater_.result().at("history_id"), 1);
  EXPECT_EQ(root_.installed(), (Rows{"tool-1.1-1.x86_64", "other-1.0-1.x86_64"}));
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), (Rows{"tool x86_64 1.2-1 base", "other x86_64 2.0-1 base"}));
  ASSERT_EQ(updater_.run(&dnf::DnfUpdater::verify, tool("1.1-1")), rf::Status::kOk);
  EXPECT_EQ(updater_.result().at("updates")[0].at("verified"), true);
  ASSERT_EQ(updater_.run(&dnf::DnfUpdater::verify, tool("1.2-1")), rf::Status::kOk);
  EXPECT_EQ(updater_.result().at("updates")[0].at("verified"), false);
}

TEST_F(DnfInstall, fetches_first_what_only_the_scanners_own_copy_knows) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  root_.refresh();
  root_.publish({.id = "base"}, {{"tool", "1.1-1"}, {"tool", "1.2-1"}});
  scan_.settings.refresh = updater_.settings.refresh = plugin::Refresh::kPrivate;
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"tool x86_64 1.2-1 base"});
  const auto planned = plan(tool("1.2-1"));
  updater_.settings.refresh = plugin::Refresh::kNever;
  EXPECT_EQ(install(tool("1.2-1"), planned), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.version_gone");
  updater_.settings.refresh = plugin::Refresh::kPrivate;
  ASSERT_EQ(install(tool("1.2-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(root_.installed(), Rows{"tool-1.2-1.x86_64"});
}

TEST_F(DnfInstall, plans_everything_that_an_update_needs_and_replaces) {
  root_.install({{"tool", "1:1.0-1"}, {"lib", "1.0-1", "", "noarch"}, {"old", "1.0-1", "", "noarch"}});
  root_.addRepository({.id = "base"}, {{"tool", "1:2.0-1", "Requires: lib >= 2\nRequires: new\n"},
                                       {"lib", "2.0-1", "", "noarch"},
                                       {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  root_.refresh();
  const auto wanted = tool("1:2.0-1");
  const auto planned = plan(wanted);
  EXPECT_EQ(stepsOf(planned), (Steps{"upgrade lib.noarch 1.0-1>2.0-1", "install new.noarch >2.0-1",
                                     "remove old.noarch 1.0-1>", "upgrade tool.x86_64 1:1.0-1>1:2.0-1"}));
  ASSERT_EQ(install(wanted, planned), rf::Status::kOk) << updater_.fake.reports.back().text;
  EXPECT_EQ(resultsOf(updater_.result()), (Rows{"lib done", "new done", "old done", "tool done"}));
  EXPECT_EQ(root_.installed(), (Rows{"tool-1:2.0-1.x86_64", "lib-2.0-1.noarch", "new-2.0-1.noarch"}));
}

TEST_F(DnfInstall, names_running_services_that_use_what_the_plan_replaces_or_removes) {
  root_.install({{"tool", "1.0-1", "", "x86_64", "", "/usr/sbin/toold"},
                 {"lib", "1.0-1", "", "noarch", "", "/usr/lib64/lib.so.1"},
                 {"old", "1.0-1", "", "noarch", "", "/usr/bin/oldd"},
                 {"other", "1.0-1", "", "noarch", "", "/usr/bin/other"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: lib >= 2\nRequires: new\n"},
                                       {"lib", "2.0-1", "", "noarch"},
                                       {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  root_.refresh();
  const auto group = [&](const std::string& unit, const std::string& file) {
    return Json{{"control_group", "/system.slice/" + unit}, {"files", {root_.path().string() + file}}};
  };
  updater_.fake.local_answers["/in-use"] =
      dumpJson({{"groups",
                 {group("tool.service", "/usr/sbin/toold"), group("web.service", "/usr/lib64/lib.so.1"),
                  group("old.service", "/usr/bin/oldd"), group("other.service", "/usr/bin/other")}}});
  EXPECT_EQ(plan(tool("2.0-1")).at("restarts"), (Json{"old.service", "tool.service", "web.service"}));
  EXPECT_FALSE(updater_.fake.reported("dnf.restarts_incomplete"));
  updater_.fake.local_answers["/in-use"] = R"({"groups":[],"is_cut":true})";
  const auto cut = plan(tool("2.0-1"));
  EXPECT_EQ(cut.at("restarts"), Json::array());
  EXPECT_EQ(cut.value("restarts_incomplete", false), true);
  EXPECT_TRUE(updater_.fake.reported("dnf.restarts_incomplete"));
}

TEST_F(DnfInstall, of_a_package_that_obsoletes_another_removes_what_the_plan_names) {
  root_.install({{"old", "1.0-1", "", "noarch"}, {"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  root_.refresh();
  const auto wanted = order({{"new", "noarch", "2.0-1"}});
  const auto planned = plan(wanted);
  EXPECT_EQ(stepsOf(planned), (Steps{"install new.noarch >2.0-1", "remove old.noarch 1.0-1>"}));
  ASSERT_EQ(install(wanted, planned), rf::Status::kOk);
  EXPECT_EQ(root_.installed(), (Rows{"new-2.0-1.noarch", "tool-1.0-1.x86_64"}));
}

TEST_F(DnfInstall, of_what_several_repositories_offer_takes_it_from_where_dnf_would) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository({.id = "a-stranger"}, {{"tool", "1.1-1"}, {"other", "1.1-1"}});
  root_.addRepository({.id = "base", .lines = "priority=10\n"}, {{"tool", "1.1-1"}});
  root_.addRepository({.id = "cheap", .lines = "cost=500\n"}, {{"other", "1.1-1"}});
  root_.refresh();
  const auto session = dnf::Session::open(updater_.settings, dnf::FileLists::kLoaded);
  ASSERT_TRUE(session.has_value());
  dnf::Request request;
  request.updates = {{"tool", "x86_64", "1.1-1"}, {"other", "x86_64", "1.1-1"}};
  const auto planned = dnf::makePlan(**session, request);
  ASSERT_TRUE(planned.has_value()) << planned.error().text;
  ASSERT_EQ(planned->steps.size(), 2U);
  EXPECT_EQ(planned->steps[0].repository, "cheap");
  EXPECT_EQ(planned->steps[1].repository, "base");
}

TEST_F(DnfInstall, promises_nothing_that_dnf_refuses_because_it_would_remove_a_protected_package) {
  root_.install({{"old", "1.0-1", "", "noarch"}, {"tool", "1.0-1"}});
  root_.write("etc/dnf/dnf.conf", "[main]\nprotected_packages=old\n");
  root_.addRepository({.id = "base"},
                      {{"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}, {"tool", "1.1-1"}});
  root_.refresh();
  EXPECT_EQ(updater_.run(&dnf::DnfUpdater::plan, order({{"new", "noarch", "2.0-1"}})),
            rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.unresolvable");
  EXPECT_NE(updater_.lastText().find("protected packages: old"), std::string::npos) << updater_.lastText();
  EXPECT_EQ(stepsOf(plan(tool("1.1-1"))), Steps{"upgrade tool.x86_64 1.0-1>1.1-1"});
}

TEST_F(DnfInstall, of_what_comes_beside_older_versions_says_what_its_advisories_say) {
  const std::string beside = "Provides: installonlypkg(kernel-module)\n";
  root_.install({{"module", "6.1-1", beside}, {"module", "6.2-1", beside}});
  root_.addRepository({.id = "base",
                       .advisories = {{"K-2", "security", "Important", {}, {{"module", "6.2-1"}}, true},
                                      {"K-3", "bugfix", "", {}, {{"module", "6.3-1"}}},
                                      {"K-4", "security", "Important", {}, {{"module", "6.4-1"}}, true}}},
                      {{"module", "6.3-1", beside}, {"module", "6.4-1", beside}});
  root_.refresh();
  auto planned = plan(UpdaterOf::order("module", "6.4-1", "x86_64"));
  EXPECT_EQ(stepsOf(planned), Steps{"install module.x86_64 >6.4-1"});
  EXPECT_EQ(planned.at("steps")[0].at("category"), "security");
  EXPECT_EQ(planned.at("needs_reboot"), true);
  planned = plan(UpdaterOf::order("module", "6.3-1", "x86_64"));
  EXPECT_EQ(planned.at("steps")[0].at("category"), "bugfix") << "what is there already does not count";
  EXPECT_EQ(planned.at("needs_reboot"), false);
}

TEST_F(DnfInstall, of_a_kernel_wants_a_reboot_also_where_no_advisory_says_so) {
  const std::string kernel = "Provides: installonlypkg(kernel)\n";
  root_.install({{"kernel", "6.1-1", kernel}, {"glibc", "2.38-1"}, {"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"kernel", "6.2-1", kernel}, {"glibc", "2.38-2"}, {"tool", "1.1-1"}});
  root_.refresh();
  EXPECT_EQ(plan(UpdaterOf::order("kernel", "6.2-1", "x86_64")).at("needs_reboot"), true);
  EXPECT_EQ(plan(UpdaterOf::order("glibc", "2.38-2", "x86_64")).at("needs_reboot"), true);
  EXPECT_EQ(plan(tool("1.1-1")).at("needs_reboot"), false);
}

TEST_F(DnfInstall, refuses_a_plan_that_is_no_longer_the_same) {
  root_.install({{"tool", "1.0-1"}, {"lib", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1", "Requires: lib >= 2\n"}, {"lib", "2.0-1"}});
  root_.refresh();
  const auto planned = plan(tool("2.0-1"));
  EXPECT_EQ(planned.at("steps").size(), 2U);
  root_.addRepository({.id = "base"},
                      {{"tool", "2.0-1", "Requires: lib >= 2\n"}, {"lib", "2.0-1"}, {"lib", "3.0-1"}});
  root_.refresh();
  EXPECT_EQ(install(tool("2.0-1"), planned), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.plan_changed");
  EXPECT_EQ(root_.installed(), (Rows{"tool-1.0-1.x86_64", "lib-1.0-1.x86_64"}));
}

TEST_F(DnfInstall, refuses_what_is_not_signed_where_signatures_are_asked_for) {
  // Without any key dnf would not look at the package.
  const SigningKey key;
  root_.importKey(key);
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base", .lines = "gpgcheck=1\ngpgkey=file:///nowhere\n"}, {{"tool", "1.1-1"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_NE(install(tool("1.1-1"), planned), rf::Status::kOk);
  EXPECT_TRUE(updater_.fake.reported("dnf.install_failed") || updater_.fake.reported("dnf.download_failed"));
  EXPECT_NE(updater_.fake.reports.back().text.find("not signed"), std::string::npos)
      << updater_.fake.reports.back().text;
  EXPECT_FALSE(root_.installed().contains("tool-1.1-1.x86_64"));
}

// An order is a yes to packages, and never to a key.
class DnfKeys : public DnfInstall {
 protected:
  // A machine where `gpgkey` is what the repository says, with a package that `signer` signed.
  void offer(const SigningKey& signer, const std::string& gpgkey) {
    root_.install({{"tool", "1.0-1"}});
    root_.addRepository({.id = "base", .lines = "gpgcheck=1\ngpgkey=" + gpgkey + "\n", .signer = &signer},
                        {{"tool", "1.1-1"}});
    root_.refresh();
    wanted_ = tool("1.1-1");
    wanted_["plan"] = plan(wanted_);
  }
  // Neither a download nor an installation does more than to say what an administrator has to do.
  void expectKeyIsMissing(const std::string& named) {
    const auto before = root_.installed();
    for (const auto operation : {&dnf::DnfUpdater::download, &dnf::DnfUpdater::install}) {
      EXPECT_EQ(updater_.run(operation, wanted_), rf::Status::kPermanent);
      EXPECT_EQ(updater_.lastCode(), "dnf.key_missing");
      const auto text = updater_.fake.reports.empty() ? "" : updater_.fake.reports.back().text;
      EXPECT_NE(text.find(named), std::string::npos) << text;
      EXPECT_NE(text.find("rpm --import"), std::string::npos) << text;
      EXPECT_EQ(root_.installed(), before);
      updater_.fake.reports.clear();
    }
  }
  static std::string url(const SigningKey& key) { return "file://" + key.file().string(); }
  // Whether rpm's database has it; installed() lists keys too.
  bool isTrusted(const SigningKey& key) {
    const auto rows = root_.installed();
    return std::any_of(rows.begin(), rows.end(),
                       [row = key.row()](const auto& entry) { return entry.starts_with(row); });
  }

  SigningKey ours_, another_;
  Json wanted_;
};

TEST_F(DnfKeys, of_a_machine_without_any_stay_out_and_so_does_the_package) {
  offer(ours_, url(ours_));
  expectKeyIsMissing("tool-1.1-1.x86_64");
  EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
}

TEST_F(DnfKeys, that_an_administrator_imported_are_enough) {
  offer(ours_, url(ours_));
  root_.importKey(ours_);
  EXPECT_EQ(updater_.run(&dnf::DnfUpdater::download, wanted_), rf::Status::kOk);
  ASSERT_EQ(updater_.run(&dnf::DnfUpdater::install, wanted_), rf::Status::kOk)
      << updater_.fake.reports.back().text;
  EXPECT_TRUE(root_.installed().contains("tool-1.1-1.x86_64"));
  EXPECT_TRUE(isTrusted(ours_));
}

TEST_F(DnfKeys, that_a_repository_adds_are_not_trusted_because_it_says_so) {
  offer(another_, url(ours_) + " " + url(another_));
  root_.importKey(ours_);
  expectKeyIsMissing("tool-1.1-1.x86_64.rpm");
  EXPECT_TRUE(isTrusted(ours_));
  EXPECT_FALSE(isTrusted(another_));
}

// dnf.conf may say yes to everything; an order does not.
TEST_F(DnfKeys, stay_out_where_dnf_itself_would_import_them_unasked) {
  root_.write("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\nassumeyes=1\ndefaultyes=1\n");
  offer(another_, url(another_));
  root_.importKey(ours_);
  expectKeyIsMissing("tool-1.1-1.x86_64.rpm");
  EXPECT_FALSE(isTrusted(another_));
}

TEST_F(DnfInstall, tells_the_truth_about_a_package_that_refuses_itself) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository(
      {.id = "base"},
      {{"tool", "1.1-1", "", "x86_64", "%pre -p <lua>\nerror(\"not today\")\n"}, {"other", "2.0-1"}});
  root_.refresh();
  const auto wanted = order({{"tool", "x86_64", "1.1-1"}, {"other", "x86_64", "2.0-1"}});
  const auto planned = plan(wanted);
  EXPECT_EQ(install(wanted, planned), rf::Status::kPermanent);
  EXPECT_TRUE(updater_.fake.reported("dnf.install_failed"));
  const auto results = resultsOf(updater_.result());
  EXPECT_TRUE(results.contains("tool not_started")) << updater_.result();
  EXPECT_TRUE(root_.installed().contains("tool-1.0-1.x86_64"));
  EXPECT_EQ(results.contains("other done"), root_.installed().contains("other-2.0-1.x86_64"));
}

TEST_F(DnfInstall, fails_when_there_is_no_room_to_unpack_and_works_once_there_is) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1", "", "x86_64",
                                        "%install\nmkdir -p %{buildroot}/opt/tool\n"
                                        "head -c 65536 /dev/zero >%{buildroot}/opt/tool/data\n",
                                        "", "/opt/tool/data\n"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  std::filesystem::create_directories(root_.path() / "opt/tool");
  {
    const TinyDisk disk(root_.path() / "opt/tool");
    if (!disk.mounted()) REDFLAG_CANNOT_RUN << "nothing may be mounted here";
    EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kPermanent);
    EXPECT_EQ(updater_.lastCode(), "dnf.install_failed");
    EXPECT_THAT(updater_.lastText(), testing::HasSubstr("space"));
    EXPECT_FALSE(resultsOf(updater_.result()).contains("tool done")) << updater_.result();
  }
  EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
  ASSERT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(root_.installed(), Rows{"tool-1.1-1.x86_64"});
}

TEST_F(DnfInstall, says_why_an_update_cannot_be_planned) {
  root_.install({{"tool", "1.0-1"}, {"ahead", "3.0-1"}, {"locked", "1.0-1"}, {"shut", "1.0-1"}});
  root_.write("etc/dnf/dnf.conf", "[main]\nexcludepkgs=shut\n");
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"},
                                       {"tool", "2.0-1", "Requires: nobody-has-this\n"},
                                       {"ahead", "2.0-1"},
                                       {"locked", "2.0-1"},
                                       {"shut", "2.0-1"},
                                       {"stranger", "1.0-1"}});
  root_.lock("locked-0:1.0-1.*\n");
  root_.refresh();
  const std::vector<std::pair<std::array<std::string, 3>, std::string>> refused{
      {{"tool", "x86_64", "9.9-1"}, "dnf.version_gone"},
      {{"tool", "x86_64", "2.0-1"}, "dnf.unresolvable"},
      {{"ahead", "x86_64", "2.0-1"}, "dnf.newer_installed"},
      {{"locked", "x86_64", "2.0-1"}, "dnf.held"},
      {{"shut", "x86_64", "2.0-1"}, "dnf.excluded"},
      {{"stranger", "x86_64", "1.0-1"}, "dnf.not_installed"},
      {{"--nogpgcheck x", "x86_64", "1-1"}, "dnf.bad_request"},
      {{"to*", "x86_64", "1.1-1"}, "dnf.bad_request"}};
  for (const auto& [update, code] : refused) {
    EXPECT_NE(updater_.run(&dnf::DnfUpdater::plan, order({update})), rf::Status::kOk) << code;
    EXPECT_EQ(updater_.lastCode(), code);
  }
  EXPECT_EQ(stepsOf(plan(tool("1.1-1"))), Steps{"upgrade tool.x86_64 1.0-1>1.1-1"});
}

TEST_F(DnfInstall, has_nothing_to_do_where_the_version_is_there_already) {
  root_.install({{"tool", "1.1-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  EXPECT_TRUE(planned.at("steps").empty());
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk);
  EXPECT_FALSE(updater_.result().contains("history_id"));
}

TEST_F(DnfInstall, waits_for_whoever_holds_rpms_lock_and_gives_up_in_time) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  {
    const LockHolder other(root_.path() / "var/lib/rpm/.rpm.lock");
    const auto begin = monotonicNow();
    EXPECT_EQ(install(tool("1.1-1"), planned, 2), rf::Status::kTransient);
    EXPECT_GT(monotonicNow() - begin, kSecondNs);
    EXPECT_LT(monotonicNow() - begin, 60 * kSecondNs);
    EXPECT_EQ(updater_.lastCode(), "dnf.locked");
    updater_.fake.cancelled = false;
  }
  EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk);
}

TEST_F(DnfInstall, waits_for_another_dnf_and_gives_up_in_time) {
  root_.install({{"tool", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.1-1"}});
  root_.refresh();
  const auto planned = plan(tool("1.1-1"));
  // This process is alive, and so is what dnf takes it for.
  root_.write("var/cache/dnf/metadata_lock.pid", std::to_string(getpid()));
  EXPECT_EQ(install(tool("1.1-1"), planned, 8), rf::Status::kTransient);
  EXPECT_EQ(updater_.lastCode(), "dnf.locked");
  EXPECT_EQ(root_.installed(), Rows{"tool-1.0-1.x86_64"});
  std::filesystem::remove(root_.path() / "var/cache/dnf/metadata_lock.pid");
  EXPECT_EQ(install(tool("1.1-1"), planned), rf::Status::kOk);
  EXPECT_EQ(root_.installed(), Rows{"tool-1.1-1.x86_64"});
}

TEST_F(DnfInstall, goes_back_to_a_version_that_a_repository_still_offers) {
  root_.install({{"tool", "1.0-1"}, {"other", "1.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "1.0-1"}, {"tool", "2.0-1"}});
  root_.refresh();
  ASSERT_EQ(updater_.install(tool("2.0-1")), rf::Status::kOk) << updater_.lastText();
  ASSERT_EQ(root_.installed(), (Rows{"tool-2.0-1.x86_64", "other-1.0-1.x86_64"}));
  EXPECT_EQ(updater_.run(&dnf::DnfUpdater::plan, tool("1.0-1")), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.newer_installed") << "an install never goes back";
  ASSERT_EQ(updater_.rollBack(tool("1.0-1")), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(resultsOf(updater_.result()), Rows{"tool done"});
  EXPECT_EQ(stepsOf(updater_.result()), Steps{"downgrade tool.x86_64 2.0-1>1.0-1"});
  EXPECT_EQ(updater_.result().at("history_id"), 2) << "a transaction of dnf's own, which its history has";
  EXPECT_EQ(root_.installed(), (Rows{"tool-1.0-1.x86_64", "other-1.0-1.x86_64"}));
  ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
  EXPECT_EQ(scan_.rows(), Rows{"tool x86_64 2.0-1 base"});
}

TEST_F(DnfInstall, says_which_versions_cannot_be_had_any_more) {
  root_.install({{"tool", "2.0-1"}, {"other", "2.0-1"}});
  root_.addRepository({.id = "base"}, {{"tool", "2.0-1"}, {"other", "2.0-1"}});
  root_.refresh();
  EXPECT_EQ(updater_.rollBack(order({{"tool", "x86_64", "1.0-1"}, {"other", "x86_64", "1.1-1"}})),
            rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.version_gone");
  EXPECT_EQ(
      updater_.lastText(),
      "tool.x86_64 1.0-1: no repository offers this version; other.x86_64 1.1-1: no repository offers this "
      "version");
  EXPECT_EQ(root_.installed(), (Rows{"tool-2.0-1.x86_64", "other-2.0-1.x86_64"}));
}

TEST_F(DnfInstall, does_not_go_back_where_more_would_change) {
  root_.install({{"lib", "2.0-1"}, {"tool", "2.0-1", "Requires: lib >= 2\n"}});
  root_.addRepository({.id = "base"}, {{"lib", "1.0-1"}, {"lib", "2.0-1"}, {"tool", "1.0-1"}});
  root_.refresh();
  EXPECT_EQ(updater_.rollBack(order({{"lib", "x86_64", "1.0-1"}})), rf::Status::kPermanent);
  EXPECT_THAT(updater_.lastCode(), testing::AnyOf("dnf.rollback_needs_more", "dnf.unresolvable"));
  EXPECT_EQ(root_.installed(), (Rows{"lib-2.0-1.x86_64", "tool-2.0-1.x86_64"}));
  for (const auto* version : {"3.0-1", "2.0-1"}) {
    EXPECT_EQ(updater_.rollBack(order({{"lib", "x86_64", version}})), rf::Status::kPermanent) << version;
    EXPECT_EQ(updater_.lastCode(), "dnf.nothing_to_undo") << version;
  }
}

TEST_F(DnfInstall, does_not_go_back_to_a_kernel_that_is_still_there) {
  const std::string kernel = "Provides: installonlypkg(kernel)\n";
  root_.install({{"kernel", "6.1-1", kernel}, {"kernel", "6.2-1", kernel}});
  root_.addRepository({.id = "base"}, {{"kernel", "6.1-1", kernel}, {"kernel", "6.2-1", kernel}});
  root_.refresh();
  EXPECT_EQ(updater_.rollBack(order({{"kernel", "x86_64", "6.1-1"}})), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "dnf.nothing_to_undo");
  EXPECT_EQ(updater_.lastText(), "kernel.x86_64 6.1-1: it is installed, and 6.2-1 beside it, which stays");
}

}  // namespace
}  // namespace redflag::test
