#include "real_dnf5.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace redflag::test {

std::filesystem::path RealDnf5::root_;

void RealDnf5::SetUpTestSuite() {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-dnf5-XXXXXX").string();
  root_ = mkdtemp(pattern.data());
  outputOf({REDFLAG_MAKE_DNF5_ROOT, root_.string()});
  // It keeps what was installed, and offers that again.
  write("etc/dnf/libdnf5-plugins/local.conf", "[main]\nname = local\nenabled = 0\n");
}

void RealDnf5::TearDownTestSuite() {
  std::filesystem::remove_all(root_);
}

RealDnf5::RealDnf5() {
  for (const auto* folder : {"var/cache/libdnf5", "var/lib/rpm", "var/lib/dnf", "usr/lib/sysimage/libdnf5",
                             "etc/yum.repos.d", "srv"}) {
    std::filesystem::remove_all(root_ / folder);
    std::filesystem::create_directories(root_ / folder);
  }
  write("etc/dnf/dnf.conf", "[main]\n");
  std::filesystem::remove(root_ / "etc/dnf/versionlock.toml");
}

void RealDnf5::write(const std::string& file, const std::string& content) {
  std::filesystem::create_directories((root_ / file).parent_path());
  std::ofstream(root_ / file, std::ios::trunc) << content;
}

Ended RealDnf5::inside(std::vector<std::string> argv) {
  argv.insert(argv.begin(), {"chroot", root_.string()});
  return runProgram(argv, {"LC_ALL=C.UTF-8"});
}

void RealDnf5::install(const std::vector<Rpm>& rpms) {
  std::filesystem::remove_all(root_ / "srv/installed");
  std::filesystem::create_directories(root_ / "srv/installed");
  for (const auto& rpm : rpms)
    std::filesystem::copy_file(rpmFile(rpm), root_ / "srv/installed" / rpmFile(rpm).filename());
  EXPECT_EQ(inside({"sh", "-c", "rpm -i --nodeps --force --ignorearch /srv/installed/*.rpm"}).code, 0);
}

void RealDnf5::addRepository(const std::string& id, const std::vector<Rpm>& rpms, const std::string& lines,
                             const SigningKey* signer) {
  const auto folder = root_ / "srv" / id;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  for (const auto& rpm : rpms) {
    const auto copy = folder / rpmFile(rpm).filename();
    std::filesystem::copy_file(rpmFile(rpm), copy);
    if (signer != nullptr) signer->sign(copy);
  }
  EXPECT_EQ(inside({"createrepo_c", "--quiet", "/srv/" + id}).code, 0);
  write("etc/yum.repos.d/" + id + ".repo",
        "[" + id + "]\nname=" + id + "\nbaseurl=file:///srv/" + id + "\n" +
            (lines.find("gpgcheck") == std::string::npos ? "gpgcheck=0\n" : "") + lines);
}

void RealDnf5::refresh() {
  EXPECT_EQ(inside({"dnf5", "-q", "--refresh", "makecache"}).code, 0);
}

Rows RealDnf5::upgradable() {
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

Rows RealDnf5::installed() {
  Rows rows;
  const auto ended =
      inside({"rpm", "-qa", "--qf", "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\\n"});
  EXPECT_EQ(ended.code, 0);
  std::istringstream lines(ended.output);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("gpg-pubkey-")) rows.insert(line);
  return rows;
}

}  // namespace redflag::test
