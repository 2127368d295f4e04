// The real dnf5, in a root of a Debian that has it: what a scan names is what dnf5 names, in the test's own
// process and behind the walls.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "scan.h"
#include "support/program.h"
#include "support/rpm_factory.h"
#include "support/scan_run.h"

namespace redflag::test {
namespace {

using Rows = std::set<std::string>;

class RealDnf5 : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-dnf5-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    outputOf({REDFLAG_MAKE_DNF5_ROOT, root_.string()});
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(root_); }

  RealDnf5() {
    for (const auto* folder : {"var/cache/libdnf5", "var/lib/rpm", "etc/yum.repos.d", "srv"}) {
      std::filesystem::remove_all(root_ / folder);
      std::filesystem::create_directories(root_ / folder);
    }
    write("etc/dnf/dnf.conf", "[main]\n");
    std::filesystem::remove(root_ / "etc/dnf/versionlock.toml");
    scan_.fake.exec = [](std::vector<std::string> argv) {
      argv.insert(argv.begin(), {"chroot", root_.string()});
      const auto ended = runProgram(argv, {"LC_ALL=C.UTF-8"});
      return rf::ExecResult{ended.code, ended.output, ""};
    };
  }

  static void write(const std::string& file, const std::string& content) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file, std::ios::trunc) << content;
  }
  static Ended inside(std::vector<std::string> argv) {
    argv.insert(argv.begin(), {"chroot", root_.string()});
    return runProgram(argv, {"LC_ALL=C.UTF-8"});
  }
  static void copyTo(const std::string& folder, const std::vector<Rpm>& rpms) {
    std::filesystem::create_directories(root_ / folder);
    for (const auto& rpm : rpms)
      std::filesystem::copy_file(rpmFile(rpm), root_ / folder / rpmFile(rpm).filename());
  }
  void install(const std::vector<Rpm>& rpms) {
    copyTo("srv/installed", rpms);
    EXPECT_EQ(inside({"sh", "-c", "rpm -i --nodeps --force --ignorearch /srv/installed/*.rpm"}).code, 0);
  }
  void addRepository(const std::string& id, const std::vector<Rpm>& rpms, const std::string& lines = "") {
    copyTo("srv/" + id, rpms);
    EXPECT_EQ(inside({"createrepo_c", "--quiet", "/srv/" + id}).code, 0);
    write("etc/yum.repos.d/" + id + ".repo",
          "[" + id + "]\nname=" + id + "\nbaseurl=file:///srv/" + id + "\ngpgcheck=0\n" + lines);
  }
  void refresh() { EXPECT_EQ(inside({"dnf5", "-q", "makecache"}).code, 0); }

  // "name.arch evr repository", by dnf5's own table.
  static Rows upgradable() {
    const auto ended = inside({"dnf5", "-C", "-q", "check-upgrade"});
    EXPECT_TRUE(ended.code == 0 || ended.code == 100) << ended.output;
    Rows rows;
    std::istringstream lines(ended.output);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name, evr, repository;
      if (line.starts_with("Obsoleting")) break;
      if (words >> name >> evr >> repository && name.find('.') != std::string::npos)
        rows.insert(name + " " + evr + " " + repository);
    }
    return rows;
  }
  Rows rows() const {
    Rows found;
    for (const auto& row : scan_.fake.ofKind("update/1"))
      if (!row.contains("blocked_by") && row.contains("installed_version"))
        found.insert(row.at("key").get<std::string>() + " " + row.at("candidate_version").get<std::string>() +
                     " " + row.at("origin").get<std::string>());
    return found;
  }

  static std::filesystem::path root_;
  ScanRun<dnf5::Scan, dnf5::Settings> scan_;
};
std::filesystem::path RealDnf5::root_;

TEST_F(RealDnf5, names_what_the_scan_names) {
  install({{"tool", "1.0-1"},
           {"epoch", "1:9.0-1", "", "noarch"},
           {"tilde", "1.0~rc1-1"},
           {"lib", "1.0-1"},
           {"lib", "1.0-1", "", "i686"},
           {"shut", "1.0-1"},
           {"ahead", "3.0-1"},
           {"old", "1.0-1", "", "noarch"}});
  addRepository("base",
                {{"tool", "1.1-1"}, {"lib", "1.1-1"}, {"lib", "1.1-1", "", "i686"}, {"ahead", "2.0-1"}});
  addRepository("updates", {{"tool", "1.2-1"},
                            {"epoch", "2:0.1-1", "", "noarch"},
                            {"tilde", "1.0-1"},
                            {"shut", "2.0-1"},
                            {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"}});
  write("etc/dnf/dnf.conf", "[main]\nexcludepkgs=shut\n");
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk)
      << (scan_.fake.reports.empty() ? "" : scan_.fake.reports.back().text);
  EXPECT_EQ(rows(), upgradable());
  EXPECT_EQ(rows().size(), 5U);
  EXPECT_EQ(scan_.blockedBy("shut"), "excluded");
  EXPECT_EQ(scan_.update("new").value("candidate_version", ""), "2.0-1");
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

TEST_F(RealDnf5, names_nothing_where_everything_is_up_to_date) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.0-1"}});
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.ofKind("update/1").empty());
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

TEST_F(RealDnf5, knows_damaged_metadata_for_none) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}});
  addRepository("other", {{"tool", "1.0-9"}});
  refresh();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ / "var/cache/libdnf5")) {
    const auto path = entry.path().string();
    if (path.find("/base-") == std::string::npos) continue;
    if (path.find("primary") != std::string::npos) std::filesystem::resize_file(entry.path(), 20);
    if (path.ends_with(".solv")) std::filesystem::remove(entry.path());
  }
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_TRANSIENT);
  EXPECT_TRUE(scan_.fake.reported("dnf5.no_metadata"));
  EXPECT_EQ(scan_.fake.scopeStatus("other"), RF_OK);
}

// The agent itself runs in that root: its plugin starts dnf5 in a sealed process of a user without rights.
TEST_F(RealDnf5, answers_behind_the_walls) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}});
  refresh();
  for (const auto* folder : {"agent", "state"})
    std::filesystem::create_directories(root_ / "srv" / folder);
  ASSERT_EQ(::chown((root_ / "srv/state").c_str(), 65534, 65534), 0);
  ASSERT_EQ(::mount(REDFLAG_BUILD, (root_ / "srv/agent").c_str(), nullptr, MS_BIND, nullptr), 0);
  const auto ended =
      inside({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/srv/agent/bin/redflag-agent",
              "--state", "/srv/state", "scan", "dnf5", "--format", "json"});
  ::umount((root_ / "srv/agent").c_str());
  const auto scan = Json::parse(ended.output).at("scans").at(0);
  EXPECT_EQ(scan.at("status"), "ok") << scan;
  EXPECT_TRUE(scan.at("complete")) << scan;
  EXPECT_EQ(scan.at("records").at(0).value("candidate_version", ""), "1.1-1") << scan;
}

}  // namespace
}  // namespace redflag::test
