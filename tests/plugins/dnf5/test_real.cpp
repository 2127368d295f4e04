// The real dnf5, in a root of a Debian that has it: what a scan names is what dnf5 names, in the test's own
// process and behind the walls.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "real_dnf5.h"
#include "scan.h"
#include "support/scan_run.h"

namespace redflag::test {
namespace {

// A folder of this machine's, seen in the root as well: the agent finds its plugins by /proc.
class Mounted {
 public:
  Mounted(const std::filesystem::path& from, std::filesystem::path to) : to_(std::move(to)) {
    EXPECT_EQ(::mount(from.c_str(), to_.c_str(), nullptr, MS_BIND, nullptr), 0) << to_;
  }
  // At once, whoever is still in it: what is removed afterwards is the root alone.
  ~Mounted() { EXPECT_EQ(::umount2(to_.c_str(), MNT_DETACH), 0) << to_; }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

 private:
  std::filesystem::path to_;
};

class RealScan : public RealDnf5 {
 protected:
  RealScan() {
    scan_.fake.exec = [](const std::vector<std::string>& argv) {
      const auto ended = inside(argv);
      return rf::ExecResult{ended.code, ended.output, ""};
    };
  }
  Rows rows() const {
    Rows found;
    for (const auto& row : scan_.fake.ofKind("update/1"))
      if (!row.contains("blocked_by") && row.contains("installed_version"))
        found.insert(row.at("key").get<std::string>() + " " + row.at("candidate_version").get<std::string>() +
                     " " + row.at("origin").get<std::string>());
    return found;
  }
  // Whole names of all that dnf5 would bring, by the transaction that it stores instead of carrying it out.
  static Rows brought() {
    EXPECT_EQ(inside({"dnf5", "-q", "-y", "-C", "--setopt=cacheonly=metadata", "--setopt=best=False",
                      "upgrade", "--store=/srv/stored"})
                  .code,
              0);
    std::ifstream stored(root_ / "srv/stored/transaction.json");
    const auto transaction = Json::parse(stored);
    Rows names;
    for (const auto& step : transaction.at("rpms"))
      if (step.at("action") == "Install" || step.at("action") == "Upgrade")
        names.insert(step.at("nevra").get<std::string>());
    return names;
  }

  ScanRun<dnf5::Scan, dnf5::Settings> scan_;
};

TEST_F(RealScan, names_what_the_scan_names) {
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

TEST_F(RealScan, calls_kept_back_what_dnf5s_own_transaction_would_not_bring) {
  install({{"tool", "1.0-1"},
           {"lib", "1.0-1"},
           {"need", "1.0-1"},
           {"conf", "1.0-1"},
           {"other", "1.0-1"},
           {"sub", "1.0-1"},
           {"user", "1.0-1", "Requires: sub = 1.0\n"},
           {"fall", "1.0-1"},
           {"epoch", "1:1.0-1", "", "noarch"},
           {"kernel-x", "6.1-1", "Provides: installonlypkg(kernel)\n"},
           {"old", "1.0-1", "", "noarch"},
           {"stays", "1.0-1", "", "noarch"}});
  addRepository("base", {{"tool", "1.1-1", "Requires: lib >= 1.1\nRequires: extra\n"},
                         {"lib", "1.1-1"},
                         {"extra", "1.0-1"},
                         {"need", "2.0-1", "Requires: nobody-has-this\n"},
                         {"conf", "2.0-1", "Conflicts: other\n"},
                         {"sub", "2.0-1"},
                         {"fall", "1.1-1"},
                         {"fall", "1.2-1", "Requires: nobody-has-this\n"},
                         {"epoch", "2:0.1-1", "", "noarch"},
                         {"kernel-x", "6.2-1", "Provides: installonlypkg(kernel)\n"},
                         {"new", "2.0-1", "Obsoletes: old < 2\n", "noarch"},
                         {"never", "2.0-1", "Obsoletes: stays < 2\nRequires: nobody-has-this\n", "noarch"}});
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  const auto by_dnf5 = brought();
  Rows kept_back;
  for (const auto& row : scan_.fake.ofKind("update/1")) {
    const auto name = row.at("name").get<std::string>();
    const auto whole =
        name + "-" + row.at("candidate_version").get<std::string>() + "." + row.at("arch").get<std::string>();
    EXPECT_EQ(row.value("blocked_by", ""), by_dnf5.contains(whole) ? "" : "kept_back") << whole;
    if (row.contains("blocked_by")) kept_back.insert(name);
  }
  EXPECT_EQ(kept_back, (Rows{"conf", "fall", "need", "never", "sub"}));
  EXPECT_EQ(scan_.fake.ofKind("update/1").size(), 10U);
  EXPECT_EQ(scan_.fake.scopeStatus("rpm"), RF_OK);
}

TEST_F(RealScan, knows_a_file_that_an_update_needs_where_dnf5_knows_it) {
  scan_.settings.root = root_;
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "2.0-1", "Requires: /opt/vendor/file\n"},
                         {"vendor", "1.0-1", "", "noarch", "", "/opt/vendor/file"}});
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.blockedBy("tool"), "kept_back");
  write("etc/dnf/dnf.conf", "[main]\noptional_metadata_types=comps,updateinfo,filelists\n");
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_EQ(scan_.update("tool").value("candidate_version", ""), "2.0-1");
  EXPECT_EQ(scan_.blockedBy("tool"), "");
  EXPECT_TRUE(brought().contains("vendor-1.0-1.noarch"));
}

TEST_F(RealScan, repeats_its_answer_until_dnf5_would_answer_something_else) {
  scan_.settings.root = root_;
  const auto isReplay = [&] {
    EXPECT_EQ(scan_.run(), rf::Status::kOk);
    EXPECT_EQ(rows(), upgradable());
    return scan_.fake.reported("inputs.unchanged");
  };
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.1-1"}, {"lib", "1.1-1"}});
  refresh();
  EXPECT_FALSE(isReplay());
  EXPECT_TRUE(isReplay());
  install({{"lib", "1.0-1"}});
  EXPECT_FALSE(isReplay());
  EXPECT_TRUE(isReplay());
  addRepository("base", {{"tool", "1.2-1"}, {"lib", "1.1-1"}});
  refresh();
  EXPECT_FALSE(isReplay());
  EXPECT_TRUE(isReplay());
  write("etc/dnf/dnf.conf", "[main]\nexcludepkgs=lib\n");
  EXPECT_FALSE(isReplay());
}

TEST_F(RealScan, names_nothing_where_everything_is_up_to_date) {
  install({{"tool", "1.0-1"}});
  addRepository("base", {{"tool", "1.0-1"}});
  refresh();
  ASSERT_EQ(scan_.run(), rf::Status::kOk);
  EXPECT_TRUE(scan_.fake.ofKind("update/1").empty());
  EXPECT_EQ(scan_.fake.scopeStatus("base"), RF_OK);
}

TEST_F(RealScan, knows_damaged_metadata_for_none) {
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

// What a program of this machine's is linked to and the root does not have.
void copyLibraries(const std::string& program, const std::filesystem::path& root) {
  std::istringstream words(outputOf({"ldd", program}));
  for (std::string word; words >> word;) {
    const auto copy = std::filesystem::path(root.string() + word);
    if (!word.starts_with("/") || std::filesystem::exists(copy)) continue;
    std::filesystem::create_directories(copy.parent_path());
    std::filesystem::copy_file(std::filesystem::canonical(word), copy);
  }
}

// The agent itself runs in that root: its plugin starts dnf5 in a sealed process of a user without rights.
TEST_F(RealScan, answers_behind_the_walls) {
  install({{"need", "1.0-1"}, {"tool", "1.0-1"}});
  addRepository("base", {{"need", "2.0-1", "Requires: nobody-has-this\n"}, {"tool", "1.1-1"}});
  refresh();
  for (const auto* folder : {"agent", "state"})
    std::filesystem::create_directories(root_ / "srv" / folder);
  copyLibraries(REDFLAG_BUILD "/plugins/dnf5.so", root_);
  ASSERT_EQ(::chown((root_ / "srv/state").c_str(), 65534, 65534), 0);
  const Mounted build(REDFLAG_BUILD, root_ / "srv/agent");
  const Mounted proc("/proc", root_ / "proc");
  const auto ended =
      inside({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/srv/agent/bin/redflag-agent",
              "--state", "/srv/state", "scan", "dnf5", "--format", "json"});
  const auto scan = Json::parse(ended.output).at("scans").at(0);
  EXPECT_EQ(scan.at("status"), "ok") << scan;
  EXPECT_TRUE(scan.at("complete")) << scan;
  EXPECT_EQ(scan.at("records").at(0).value("blocked_by", ""), "kept_back") << scan;
  EXPECT_EQ(scan.at("records").at(1).value("candidate_version", ""), "1.1-1") << scan;
}

}  // namespace
}  // namespace redflag::test
