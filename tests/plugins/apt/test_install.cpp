// Real installations: dpkg in a root of its own, made by scripts/make-sandbox with a signed repository beside
// it.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "../../support/cannot_run.h"
#include "install_fixture.h"
#include "scan_of.h"
#include "support/http_folder.h"
#include "support/tiny_disk.h"

namespace redflag::test {
namespace {

using Results = std::map<std::string, std::string>;

TEST_F(AptInstall, installs_exactly_the_plan_and_shows_what_dpkg_says) {
  const auto order = planned("redflag-demo", "1.1");
  ASSERT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastCode();
  EXPECT_EQ(results(), (Results{{"redflag-demo", "done"}, {"redflag-demo-data", "done"}}));
  EXPECT_EQ(installed("redflag-demo"), "ii 1.1");
  EXPECT_EQ(installed("redflag-demo-data"), "ii 1.1");
  EXPECT_EQ(installed("redflag-demo-lib"), "ii 2.0") << "not ordered";
  EXPECT_TRUE(said("redflag-demo 1.1 is being configured"));
  ASSERT_EQ(updater_.run(&AptUpdater::verify, UpdaterOf::order("redflag-demo", "1.1", "all")),
            rf::Status::kOk);
  const auto verified = updater_.result();
  EXPECT_EQ(verified.at("updates")[0].at("verified"), true);
  // A second time there is nothing left to do, and the plan that was confirmed is not what would happen.
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.plan_changed");
  std::ostringstream auto_state;
  auto_state << std::ifstream(root() / "var/lib/apt/extended_states").rdbuf();
  EXPECT_NE(auto_state.str().find("redflag-demo-data"), std::string::npos)
      << "new dependencies are marked automatic";
}

TEST_F(AptInstall, downloads_ahead_without_changing_anything_and_installs_when_the_archive_is_gone) {
  build("tool", "1.0", {{"usr/share/tool", "old"}});
  installByHand("tool", "1.0");
  build("tool", "1.1", {{"usr/share/tool", "new"}});
  auto archive = std::make_unique<HttpFolder>(sandbox_ / "own");
  offerOwn("http://" + archive->host() + "/");
  const auto order = planned("tool", "1.1");
  const auto before = database();
  ASSERT_EQ(updater_.run(&AptUpdater::download, order), rf::Status::kOk) << updater_.lastText();
  EXPECT_GT(updater_.result().at("download_bytes"), 0);
  EXPECT_TRUE(std::filesystem::exists(root() / "var/cache/apt/archives/tool_1.1_all.deb"));
  EXPECT_EQ(database(), before);
  EXPECT_EQ(installed("tool"), "ii 1.0");
  archive.reset();
  ASSERT_EQ(updater_.run(&AptUpdater::download, order), rf::Status::kOk) << "there is nothing left to fetch";
  ASSERT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed("tool"), "ii 1.1");
}

TEST_F(AptInstall, downloads_nothing_but_the_confirmed_plan_and_says_when_the_archive_is_gone) {
  build("tool", "1.0", {});
  installByHand("tool", "1.0");
  build("tool", "1.1", {});
  auto archive = std::make_unique<HttpFolder>(sandbox_ / "own");
  offerOwn("http://" + archive->host() + "/");
  auto order = planned("tool", "1.1");
  archive.reset();
  EXPECT_EQ(updater_.run(&AptUpdater::download, order), rf::Status::kTransient);
  EXPECT_EQ(updater_.lastCode(), "apt.download_failed");
  order["plan"]["steps"][0]["to"] = "1.2";
  EXPECT_EQ(updater_.run(&AptUpdater::download, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.plan_changed");
  EXPECT_FALSE(std::filesystem::exists(root() / "var/cache/apt/archives/tool_1.1_all.deb"));
}

TEST_F(AptInstall, goes_back_to_a_version_that_an_archive_still_offers) {
  const auto back = UpdaterOf::order("redflag-demo-lib", "2.0", "all");
  EXPECT_EQ(updater_.rollBack(back), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.nothing_to_undo");
  ASSERT_EQ(updater_.install(UpdaterOf::order("redflag-demo-lib", "2.1", "all")), rf::Status::kOk);
  ASSERT_EQ(installed("redflag-demo-lib"), "ii 2.1");
  EXPECT_EQ(updater_.run(&AptUpdater::plan, back), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.newer_installed") << "an install never goes back";
  ASSERT_EQ(updater_.rollBack(back), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(results(), (Results{{"redflag-demo-lib", "done"}}));
  EXPECT_EQ(updater_.result().at("steps")[0].at("operation"), "downgrade");
  EXPECT_EQ(installed("redflag-demo-lib"), "ii 2.0");
}

TEST_F(AptInstall, says_which_versions_cannot_be_had_any_more) {
  ASSERT_EQ(updater_.install(UpdaterOf::order("redflag-demo", "1.1", "all")), rf::Status::kOk);
  const auto before = database();
  auto back = UpdaterOf::order("redflag-demo", "1.0", "all");
  back["updates"].push_back({{"name", "redflag-demo-data"}, {"arch", "all"}, {"version", "0.9"}});
  EXPECT_EQ(updater_.rollBack(back), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.version_gone");
  EXPECT_EQ(
      updater_.lastText(),
      "redflag-demo:all 1.0: no archive offers this version; redflag-demo-data:all 0.9: no archive offers "
      "this version");
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, goes_back_to_a_version_that_only_the_cache_of_earlier_downloads_has) {
  ASSERT_EQ(updater_.install(UpdaterOf::order("redflag-demo", "1.1", "all")), rf::Status::kOk);
  const auto kept = root() / "var/cache/apt/archives/redflag-demo_1.0_all.deb";
  std::filesystem::copy_file(sandbox_ / "repo/pool/old/redflag-demo_1.0_all.deb", kept);
  std::filesystem::permissions(kept, std::filesystem::perms(0666));
  const auto back = UpdaterOf::order("redflag-demo", "1.0", "all");
  EXPECT_EQ(updater_.rollBack(back), rf::Status::kPermanent) << "anybody could have written it";
  EXPECT_EQ(updater_.lastCode(), "apt.version_gone");
  std::filesystem::permissions(kept, std::filesystem::perms(0644));
  ASSERT_EQ(updater_.rollBack(back), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed("redflag-demo"), "ii 1.0");
  EXPECT_EQ(installed("redflag-demo-data"), "ii 1.1") << "what the update brought anew stays";
  EXPECT_TRUE(std::filesystem::exists(kept));
}

TEST_F(AptInstall, does_not_go_back_where_more_would_change) {
  build("lib", "1.0", {});
  build("lib", "2.0", {});
  offerOwn();
  installByHand("lib", "2.0");
  const auto tree = sandbox_ / "needs-1.0/DEBIAN";
  std::filesystem::create_directories(tree);
  std::ofstream(tree / "control") << "Package: needs\nVersion: 1.0\nArchitecture: all\nDepends: lib (>= 2)\n"
                                     "Maintainer: Test <t@example.org>\nDescription: test\n";
  outputOf({"dpkg-deb", "--build", "--root-owner-group", sandbox_ / "needs-1.0",
            sandbox_ / "own/needs_1.0_all.deb"});
  std::filesystem::remove(root() / "tmp/own.deb");
  installByHand("needs", "1.0");
  EXPECT_EQ(updater_.rollBack(UpdaterOf::order("lib", "1.0", "all")), rf::Status::kPermanent);
  EXPECT_THAT(updater_.lastCode(), testing::AnyOf("apt.rollback_needs_more", "apt.unresolvable"));
  EXPECT_EQ(installed("lib"), "ii 2.0");
  EXPECT_EQ(installed("needs"), "ii 1.0");
}

TEST_F(AptInstall, fetches_the_lists_anew_and_says_what_became_of_each_source) {
  std::filesystem::permissions(sandbox_, std::filesystem::perms(0755));
  const auto lists = root() / "var/lib/apt/lists";
  std::filesystem::remove_all(lists);
  std::filesystem::create_directories(lists / "partial");
  Json written;
  ASSERT_EQ(refresh(written), rf::Status::kOk) << updater_.lastCode() << updater_.fake.reports.back().text;
  EXPECT_GE(written.at("sources").size(), 2U) << written;
  for (const auto& source : written.at("sources"))
    EXPECT_EQ(source.at("status"), "fetched") << source;
  planned("redflag-demo", "1.1");  // the lists are there again
  ASSERT_EQ(refresh(written), rf::Status::kOk);
  for (const auto& source : written.at("sources"))  // of files apt does not always see that they are the same
    EXPECT_THAT(source.at("status"), testing::AnyOf("unchanged", "fetched")) << written;

  std::filesystem::remove(sandbox_ / "repo/dists/stable-security/InRelease");
  std::filesystem::remove(sandbox_ / "repo/dists/stable-security/Release");
  EXPECT_EQ(refresh(written), rf::Status::kTransient);
  EXPECT_EQ(updater_.lastCode(), "apt.refresh_failed");
  EXPECT_NE(updater_.fake.reports.back().text.find("stable-security"), std::string::npos);
  EXPECT_NE(dumpJson(written).find("failed"), std::string::npos) << written;
  planned("redflag-demo", "1.1");
}

TEST_F(AptInstall, of_what_only_the_scanners_own_lists_know_fetches_the_systems) {
  build("own", "1.0", {});
  offerOwn();
  installByHand("own", "1.0");
  build("own", "2.0", {});
  outputOf({"sh", "-c", "cd '" + (sandbox_ / "own").string() + "' && apt-ftparchive packages . >Packages"});
  const auto order = UpdaterOf::order("own", "2.0", "all");
  EXPECT_EQ(updater_.install(order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.version_gone");
  updater_.settings.refresh = plugin::Refresh::kPrivate;
  updater_.settings.cache_dir = sandbox_ / "copy";
  std::filesystem::create_directory(updater_.settings.cache_dir);
  ScanRun<apt::Scan, apt::Settings> scan;
  scan.settings = updater_.settings;
  ASSERT_EQ(scan.run(), rf::Status::kOk);
  EXPECT_EQ(scan.update("own").value("candidate_version", ""), "2.0");
  ASSERT_EQ(updater_.install(order), rf::Status::kOk) << updater_.lastText();
  EXPECT_EQ(installed("own"), "ii 2.0");
}

TEST_F(AptInstall, reports_a_failing_postinst_and_repairs_once_it_is_mended) {
  const auto order = planned("redflag-demo-broken", "1.1");
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.install_failed");
  EXPECT_NE(updater_.fake.reports.back().text.find("redflag-demo-broken"), std::string::npos);
  EXPECT_EQ(results(), (Results{{"redflag-demo-broken", "failed"}}));
  EXPECT_TRUE(said("this postinst always fails"));
  EXPECT_EQ(updater_.repair(), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.repair_failed");
  std::ofstream(root() / "var/lib/dpkg/info/redflag-demo-broken.postinst") << "#!/bin/sh\nexit 0\n";
  EXPECT_EQ(updater_.repair(), rf::Status::kOk);
  EXPECT_EQ(installed("redflag-demo-broken"), "ii 1.1");
}

TEST_F(AptInstall, changes_nothing_when_the_plan_is_another_one) {
  auto order = planned("redflag-demo", "1.1");
  order["plan"]["steps"].erase(1);
  const auto before = database();
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.plan_changed");
  EXPECT_NE(updater_.fake.reports.back().text.find("redflag-demo-data"), std::string::npos);
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, changes_nothing_when_cancelled) {
  const auto order = planned("redflag-demo", "1.1");
  const auto before = database();
  updater_.fake.cancelled = true;
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kCancelled);
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, refuses_packages_that_no_signature_vouches_for) {
  const auto order = planned("redflag-demo-lib", "2.1");
  const auto before = database();
  for (const auto& entry : std::filesystem::directory_iterator(root() / "var/lib/apt/lists"))
    if (entry.path().string().ends_with("_InRelease")) std::filesystem::remove(entry.path());
  std::ofstream(root() / "etc/apt/apt.conf.d/careless") << "APT::Get::AllowUnauthenticated \"true\";\n";
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
  EXPECT_EQ(updater_.lastCode(), "apt.untrusted");
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, refuses_a_package_whose_bytes_are_not_the_signed_ones) {
  const auto order = planned("redflag-demo-lib", "2.1");
  const auto before = database();
  const auto package = sandbox_ / "repo/pool/security/redflag-demo-lib_2.1_all.deb";
  const auto size = std::filesystem::file_size(package);
  std::fstream(package, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(static_cast<std::streamoff>(size / 2))
      .put('?');
  ASSERT_EQ(std::filesystem::file_size(package), size);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kTransient);
  EXPECT_EQ(updater_.lastCode(), "apt.download_failed");
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, changes_nothing_when_a_package_is_not_there_any_more) {
  const auto order = planned("redflag-demo-lib", "2.1");
  const auto before = database();
  std::filesystem::remove(sandbox_ / "repo/pool/security/redflag-demo-lib_2.1_all.deb");
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kTransient);
  EXPECT_EQ(updater_.lastCode(), "apt.download_failed");
  EXPECT_EQ(database(), before);
}

TEST_F(AptInstall, changes_nothing_when_there_is_no_room_for_the_packages) {
  const auto order = planned("redflag-demo", "1.1");
  const auto before = database();
  {
    const TinyDisk disk(root() / "var/cache/apt/archives");
    if (!disk.mounted()) REDFLAG_CANNOT_RUN << "nothing may be mounted here";
    std::filesystem::create_directory(root() / "var/cache/apt/archives/partial");
    EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kTransient);
    EXPECT_EQ(updater_.lastCode(), "apt.download_failed");
    EXPECT_NE(updater_.fake.reports.back().text.find("No space left"), std::string::npos)
        << updater_.fake.reports.back().text;
    for (const auto& left : std::filesystem::directory_iterator(root() / "var/cache/apt/archives"))
      EXPECT_NE(left.path().extension(), ".deb") << "it would keep the disk full";
  }
  EXPECT_EQ(database(), before);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastCode();
}

TEST_F(AptInstall, names_the_folder_that_has_no_room_before_it_fetches_anything) {
  build("tool", "1.0", {});
  installByHand("tool", "1.0");
  build("tool", "1.1", {});
  const HttpFolder archive(sandbox_ / "own");
  offerOwn("http://" + archive.host() + "/");
  const auto order = planned("tool", "1.1");
  const auto before = database();
  const auto archives = root() / "var/cache/apt/archives";
  {
    const TinyDisk disk(archives);
    if (!disk.mounted()) REDFLAG_CANNOT_RUN << "nothing may be mounted here";
    disk.fill();
    for (const auto operation : {&AptUpdater::download, &AptUpdater::install}) {
      EXPECT_EQ(updater_.run(operation, order), rf::Status::kTransient);
      EXPECT_EQ(updater_.lastCode(), "apt.no_space");
      EXPECT_NE(updater_.lastText().find(archives.string() + "/ has 0 bytes free, and "), std::string::npos)
          << updater_.lastText();
    }
  }
  EXPECT_EQ(database(), before);
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastText();
}

TEST_F(AptInstall, fails_when_there_is_no_room_to_unpack_and_works_once_there_is) {
  const auto order = planned("redflag-demo-lib", "2.1");
  {
    const TinyDisk disk(root() / "usr/share/redflag-demo-lib");
    if (!disk.mounted()) REDFLAG_CANNOT_RUN << "nothing may be mounted here";
    disk.fill();
    EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kPermanent);
    EXPECT_EQ(updater_.lastCode(), "apt.install_failed");
    EXPECT_NE(results().at("redflag-demo-lib"), "done");
  }
  EXPECT_EQ(installed("redflag-demo-lib"), "ii 2.0") << "dpkg took it back";
  EXPECT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastCode();
  EXPECT_EQ(installed("redflag-demo-lib"), "ii 2.1");
}

TEST_F(AptInstall, keeps_configuration_files_that_somebody_changed) {
  const auto packaged = [&](const std::string& version) {
    build("conf", version,
          {{"DEBIAN/conffiles", "/etc/conf.conf\n"}, {"etc/conf.conf", "packaged " + version + "\n"}});
  };
  packaged("1.0");
  installByHand("conf", "1.0");
  std::ofstream(root() / "etc/conf.conf") << "changed by the admin\n";
  packaged("2.0");
  offerOwn();
  const auto order = planned("conf", "2.0");
  ASSERT_EQ(updater_.run(&AptUpdater::install, order), rf::Status::kOk) << updater_.lastCode();
  EXPECT_EQ(installed("conf"), "ii 2.0");
  std::ifstream conf(root() / "etc/conf.conf");
  std::string line;
  std::getline(conf, line);
  EXPECT_EQ(line, "changed by the admin");
}

TEST_F(AptInstall, lets_no_script_ask) {
  build("asks", "1.0", {});
  installByHand("asks", "1.0");
  build("asks", "2.0",
        {{"DEBIAN/postinst",
          "#!/bin/sh\necho \"the frontend is $DEBIAN_FRONTEND\"\n"
          "if read answer; then echo somebody answered; else echo nobody answers; fi\n"}});
  offerOwn();
  const auto order = planned("asks", "2.0");
  ASSERT_EQ(updater_.run(&AptUpdater::install, order, 60), rf::Status::kOk) << updater_.lastCode();
  EXPECT_EQ(installed("asks"), "ii 2.0");
  EXPECT_TRUE(said("the frontend is noninteractive"));
  EXPECT_TRUE(said("nobody answers"));
}

TEST_F(AptInstall, does_not_believe_a_source_that_another_key_signed) {
  std::filesystem::permissions(sandbox_, std::filesystem::perms(0755));
  const auto dist = sandbox_ / "repo/dists/stable-security";
  const auto list = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(root() / "var/lib/apt/lists"))
      if (entry.path().string().ends_with("stable-security_InRelease")) {
        std::ostringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        return text.str();
      }
    return std::string();
  };
  const auto before = list();
  ASSERT_FALSE(before.empty());
  const auto home = (sandbox_ / "other-key").string();
  std::filesystem::create_directories(home);
  std::filesystem::permissions(home, std::filesystem::perms(0700));
  outputOf(
      {"sh", "-c",
       "export GNUPGHOME='" + home + "' && cd '" + dist.string() +
           "' && gpg --batch --quiet --passphrase '' --quick-generate-key 'Other <other@localhost>' ed25519 "
           "sign never && gpg --batch --quiet --yes --clearsign --output InRelease Release; gpgconf --kill "
           "gpg-agent"});
  Json written;
  EXPECT_EQ(refresh(written), rf::Status::kTransient) << written;
  EXPECT_EQ(updater_.lastCode(), "apt.refresh_failed");
  EXPECT_NE(updater_.fake.reports.back().text.find("stable-security"), std::string::npos)
      << updater_.fake.reports.back().text;
  EXPECT_EQ(list(), before) << "what was believed before stays";
}

}  // namespace
}  // namespace redflag::test
