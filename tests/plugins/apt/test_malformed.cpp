// Lists and orders come from outside. Whatever is in them, nothing crashes and nothing is guessed: the
// archive fails, or the scan, and what is not a package is not taken for one.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <sstream>

#include "common/package_text.h"
#include "plan.h"
#include "scan_of.h"
#include "updater_of.h"

namespace redflag::test {
namespace {

using apt::AptUpdater;
using testing::HasSubstr;

const std::vector<std::string> kNoPackageTexts{"--opt",
                                               "-o",
                                               "a;rm -rf /",
                                               "$(id)",
                                               "`id`",
                                               "../../etc/passwd",
                                               "a/b",
                                               "to*",
                                               "a b",
                                               "a\nFake: yes",
                                               std::string("a\0b", 3),
                                               "\x1b[2Ja",
                                               "a\xe2\x80\xae"
                                               "b",
                                               "a\xff",
                                               std::string(10'000, 'a'),
                                               ""};

TEST(PackageText, is_what_packages_are_made_of_and_nothing_else) {
  for (const auto* good : {"libstdc++6", "linux-image-6.1.0-37-amd64", "1:2.0~rc1-3+deb12u1", "x86_64", "a"})
    EXPECT_TRUE(plugin::isPackageText(good)) << good;
  for (const auto& odd : kNoPackageTexts)
    EXPECT_FALSE(plugin::isPackageText(odd)) << odd.substr(0, 40);
}

class AptMalformed : public testing::Test {
 protected:
  AptMalformed() : scan_(root_) {
    root_.install({"tool", "1.0"});
    root_.install({"other", "1.0"});
    root_.addLists({"good"}, {{"other", "1.1"}});
    updater_.settings.root = root_.path(), updater_.settings.cache_dir = root_.cacheDir();
  }
  // What the bad archive has in place of a list of packages.
  void publish(const std::string& list) const {
    root_.addLists({.suite = "bad", .host = "bad.example.org"}, {{"bystander", "1"}});
    root_.write("var/lib/apt/lists/bad.example.org_debian_dists_bad_main_binary-amd64_Packages", list);
  }
  // The good archive has told what it knows, unless the whole scan failed; whatever was told is plain text.
  void expectNothingGuessed(const std::string& what) {
    const auto status = scan_.run(RF_PURPOSE_VERIFY);
    const bool all_failed = status != rf::Status::kOk;
    if (all_failed) {
      EXPECT_TRUE(scan_.fake.reported("apt.lists_broken")) << what;
      EXPECT_TRUE(scan_.rows().empty()) << what;
    } else {
      EXPECT_EQ(scan_.fake.scopeStatus("deb.example.org/debian good"), RF_OK) << what;
      EXPECT_TRUE(scan_.rows().contains("other amd64 1.0 1.1")) << what;
    }
    for (const auto& row : scan_.fake.ofKind("update/1"))
      for (const auto* field : {"name", "arch", "candidate_version"})
        EXPECT_TRUE(plugin::isPackageText(row.at(field).get<std::string>())) << what << ": " << row;
  }
  void expectFailed(const std::string& what) {
    expectNothingGuessed(what);
    EXPECT_NE(scan_.fake.scopeStatus("bad.example.org/debian bad"), RF_OK) << what;
    EXPECT_TRUE(scan_.update("tool").empty()) << what;
  }

  AptRoot root_;
  ScanOf scan_;
  UpdaterOf updater_;
};

TEST_F(AptMalformed, the_untouched_archive_is_fine) {
  publish(offered({"tool", "1.1"}));
  expectNothingGuessed("untouched");
  EXPECT_EQ(scan_.update("tool").value("candidate_version", ""), "1.1");
}

TEST_F(AptMalformed, versions_that_no_package_can_have_end_their_archive) {
  for (const std::string& version : {std::string("1.1\x1b[2J"),
                                     std::string("1.1\xe2\x80\xae"
                                                 "0.1"),
                                     std::string("1.1;rm"), std::string("1.1$(id)"),
                                     std::string("1.1/../../x"), std::string(10'000, '9')}) {
    publish(offered({"tool", version}));
    expectFailed(version.substr(0, 40));
  }
}

TEST_F(AptMalformed, names_that_an_archive_has_for_itself_are_shown_only_where_they_deceive_nobody) {
  root_.addLists({.suite = "bad", .host = "bad.example.org"}, {{"tool", "1.1"}});
  const std::string release = "var/lib/apt/lists/bad.example.org_debian_dists_bad_InRelease";
  std::ostringstream text;
  text << std::ifstream(root_.path() / release).rdbuf();
  const std::string usual = "Origin: Test\n";
  ASSERT_TRUE(text.str().starts_with(usual));
  for (const auto& [name, shown] :
       std::map<std::string, std::string>{{"Debian!", "Debian!:bad"},
                                          {"\x1b[31mDebian", "bad.example.org:bad"},
                                          {"naibeD\xe2\x80\xae", "bad.example.org:bad"},
                                          {std::string(300, 'x'), "bad.example.org:bad"}}) {
    root_.write(release, "Origin: " + name + "\n" + text.str().substr(usual.size()));
    ASSERT_EQ(scan_.run(RF_PURPOSE_VERIFY), rf::Status::kOk);
    EXPECT_EQ(scan_.update("tool").value("origin", ""), shown);
  }
}

TEST_F(AptMalformed, nul_bytes_are_no_part_of_a_version) {
  publish(offered({"tool", std::string("1.1\0.2", 6)}));
  expectNothingGuessed("NUL in a version");
  publish("Package: to" + std::string("\0", 1) + "ol\nVersion: 1.1\nArchitecture: amd64\n\n");
  expectNothingGuessed("NUL in a name");
  EXPECT_TRUE(scan_.update("tool").empty());
}

TEST_F(AptMalformed, texts_that_are_no_lists) {
  for (const auto& [what, list] : std::vector<std::pair<std::string, std::string>>{
           {"bytes", std::string("\x1f\x8b\x08\x00", 4) + std::string(1000, 'x')},
           {"nothing but NUL", std::string(1U << 16, '\0')},
           {"escapes", "\x1b[31mPackage: tool\n\n"},
           {"a page", "<html><body>Please sign in</body></html>\n"}}) {
    publish(list);
    expectNothingGuessed(what);
    EXPECT_TRUE(scan_.update("tool").empty()) << what;
  }
}

TEST_F(AptMalformed, lines_of_ten_megabytes) {
  const std::string long_text(10U << 20, 'd');
  publish("Package: tool\nVersion: 1.1\nArchitecture: amd64\nDescription: " + long_text + "\n\n");
  expectNothingGuessed("a description");
  publish("Package: " + long_text + "\nVersion: 1.1\nArchitecture: amd64\n\n");
  expectNothingGuessed("a name");
  EXPECT_TRUE(scan_.update("tool").empty());
  publish(offered({"tool", long_text}));
  expectNothingGuessed("a version");
  EXPECT_TRUE(scan_.update("tool").empty());
}

TEST_F(AptMalformed, descriptions_of_any_kind_are_not_looked_at) {
  publish(offered({"tool", "1.1", "Description: \x1b[2J\xe2\x80\xae\xff\n"}));
  expectNothingGuessed("a description that drives a terminal");
  EXPECT_EQ(scan_.update("tool").value("candidate_version", ""), "1.1");
}

TEST_F(AptMalformed, names_of_what_an_update_would_bring_are_looked_at_as_well) {
  for (const std::string& name :
       {std::string("--opt"), std::string("a\x1b[31mb"), std::string("a$b"), std::string(10'000, 'n')}) {
    publish(offered({"tool", "1.1", "Depends: " + name + "\n"}) + offered({name, "1"}));
    EXPECT_NE(updater_.run(&AptUpdater::plan, UpdaterOf::order("tool", "1.1", "amd64")), rf::Status::kOk)
        << name.substr(0, 40);
  }
}

TEST_F(AptMalformed, orders_name_nothing_but_packages) {
  publish(offered({"tool", "1.1"}));
  for (const auto& odd : kNoPackageTexts) {
    for (const auto& order : {UpdaterOf::order(odd, "1.1", "amd64"), UpdaterOf::order("tool", odd, "amd64"),
                              UpdaterOf::order("tool", "1.1", odd)}) {
      EXPECT_EQ(updater_.run(&AptUpdater::plan, order), rf::Status::kInvalid) << odd.substr(0, 40);
      EXPECT_EQ(updater_.lastCode(), "apt.bad_request") << odd.substr(0, 40);
    }
  }
  auto order = UpdaterOf::order("tool", "1.1", "amd64");
  EXPECT_EQ(updater_.run(&AptUpdater::plan, order), rf::Status::kOk) << updater_.lastCode();
  order["plan"] = updater_.result();
  order["plan"]["steps"][0]["name"] = "--opt";
  const auto request = apt::parseRequest(dumpJson(order), true);
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().text, HasSubstr("steps[0].name"));
}

}  // namespace
}  // namespace redflag::test
