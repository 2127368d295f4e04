#include "apt_root.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace redflag::test {
namespace {

std::string stanza(const Package& package) {
  return "Package: " + package.name + "\nVersion: " + package.version + "\nArchitecture: " + package.arch +
         "\nMaintainer: Test <test@example.org>\nInstalled-Size: 7\n" + package.fields +
         "Description: test\n";
}

std::string listsBase(const ArchiveOptions& options) {
  return "var/lib/apt/lists/" + options.host + "_debian_dists_" + options.suite + "_";
}

// "main/binary-amd64/Packages"
std::string architectureOf(const std::string& list) {
  const auto begin = list.find("binary-") + std::string("binary-").size();
  return list.substr(begin, list.find('/', begin) - begin);
}

}  // namespace

AptRoot::AptRoot() {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-apt-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
  for (const auto* folder :
       {"etc/apt/sources.list.d", "etc/apt/preferences.d", "etc/apt/apt.conf.d", "etc/apt/trusted.gpg.d",
        "var/lib/apt/lists/partial", "var/lib/dpkg/info", "var/lib/dpkg/updates",
        "var/cache/apt/archives/partial", "var/log/apt", "run", "plugin-cache"})
    std::filesystem::create_directories(path_ / folder);
  write("var/lib/dpkg/status", "");
  write("etc/apt/sources.list", "");
  write("etc/apt/apt.conf", "APT::Architecture \"amd64\";\n");
  write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  write("apt.conf", "Dir \"" + path_.string() + "/\";\nDir::State::status \"" + path_.string() +
                        "/var/lib/dpkg/status\";\nDir::Etc::machine-id \"" + path_.string() +
                        "/etc/machine-id\";\nDir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n" +
                        "Dir::Bin::ischroot \"/bin/true\";\nAPT::Architectures { \"amd64\"; };\n");
}

AptRoot::~AptRoot() {
  std::filesystem::remove_all(path_);
}

void AptRoot::write(const std::string& file, const std::string& content) const {
  std::ofstream(path_ / file, std::ios::trunc) << content;
}

void AptRoot::append(const std::string& file, const std::string& content) const {
  std::ofstream(path_ / file, std::ios::app) << content;
}

void AptRoot::install(const Package& package, const std::string& state) const {
  auto text = stanza(package);
  text.insert(text.find('\n') + 1, "Status: " + state + "\n");
  append("var/lib/dpkg/status", text + "\n");
}

void AptRoot::addForeignArchitecture(const std::string& arch) const {
  append("var/lib/dpkg/arch", "amd64\n" + arch + "\n");
  append("apt.conf", "APT::Architectures { \"" + arch + "\"; };\n");
}

void AptRoot::addSource(const ArchiveOptions& options) const {
  append("etc/apt/sources.list", sourceLine(options));
}

void AptRoot::addLists(const ArchiveOptions& options, const std::vector<Package>& packages) const {
  addSource(options);
  const auto lists = packageLists(options, packages);
  for (const auto& [name, content] : lists) {
    auto file = name;
    std::replace(file.begin(), file.end(), '/', '_');
    write(listsBase(options) + file, content);
  }
  write(listsBase(options) + "InRelease",
        releaseText(options, lists, [](const std::string&) { return std::string(64, '0'); }));
}

std::string AptRoot::apt(const std::vector<std::string>& arguments) const {
  return outputOf(arguments, {"APT_CONFIG=" + (path_ / "apt.conf").string(), "LC_ALL=C.UTF-8"});
}

std::string offered(const Package& package) {
  return stanza(package) + "Filename: pool/" + package.name +
         ".deb\nSize: 1000\nSHA256: " + std::string(64, '0') + "\n\n";
}

std::string sourceLine(const ArchiveOptions& options) {
  return "deb http://" + options.host + "/debian " + options.suite + " " + options.component + "\n";
}

PackageLists packageLists(const ArchiveOptions& options, const std::vector<Package>& packages) {
  const auto name = [&options](const std::string& arch) {
    return options.component + "/binary-" + arch + "/Packages";
  };
  PackageLists lists{{name("amd64"), ""}};
  for (const auto& package : packages)
    lists[name(package.arch == "all" ? "amd64" : package.arch)] += offered(package);
  return lists;
}

std::string releaseText(const ArchiveOptions& options, const PackageLists& lists,
                        const std::function<std::string(const std::string&)>& checksum) {
  std::string architectures, checksums;
  for (const auto& [name, content] : lists) {
    architectures += " " + architectureOf(name);
    checksums += " " + checksum(name) + " " + std::to_string(content.size()) + " " + name + "\n";
  }
  return "Origin: Test\nLabel: " + options.label + "\nSuite: " + options.suite +
         "\nCodename: " + options.suite + "\nDate: Sat, 21 Nov 2020 00:53:02 UTC\n" + options.release_fields +
         "Architectures:" + architectures + "\nComponents: " + options.component + "\nSHA256:\n" + checksums;
}

std::set<std::string> upgradableRows(const std::string& apt_list) {
  std::set<std::string> rows;
  std::istringstream lines(apt_list);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);  // name/suite candidate arch [upgradable from: installed]
    std::string name, candidate, arch, upgradable, from, installed;
    if (!(words >> name >> candidate >> arch >> upgradable >> from >> installed) ||
        upgradable != "[upgradable")
      continue;
    installed.pop_back();
    rows.insert(name.substr(0, name.find('/')) + " " + arch + " " + installed + " " + candidate);
  }
  return rows;
}

std::set<std::string> AptRoot::upgradable() const {
  return upgradableRows(
      apt({"apt", "-qq", "-o", "APT::Cmd::Disable-Script-Warning=true", "list", "--upgradable"}));
}

std::set<std::string> AptRoot::upgraded() const {
  std::set<std::string> rows;
  std::istringstream lines(apt({"apt-get", "-s", "-qq", "--with-new-pkgs", "upgrade"}));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);  // Inst name [installed] (candidate …; a new package has no [installed]
    std::string inst, name, installed, candidate;
    if (words >> inst >> name >> installed >> candidate && inst == "Inst" && installed.front() == '[')
      rows.insert(name + " " + candidate.substr(1));
  }
  return rows;
}

bool AptRoot::brokenFromTheStart() const {
  return apt({"sh", "-c", "apt-get check >/dev/null 2>&1 || echo broken"}) == "broken\n";
}

}  // namespace redflag::test
