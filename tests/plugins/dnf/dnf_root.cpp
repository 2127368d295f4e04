#include "dnf_root.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace redflag::test {
namespace {

// Debian's rpm and dnf keep the database in root's home; the root's .rpmdb leads to where all others have it.
const std::vector<std::string> kEnvironment{"HOME=/root", "LC_ALL=C.UTF-8"};

std::string entryOf(const AdvisoryEntry& advisory) {
  std::string text = "<update from=\"test@example.org\" status=\"final\" type=\"" + advisory.type +
                     "\" version=\"1\"><id>" + advisory.id + "</id><title>" + advisory.id +
                     "</title><issued date=\"2026-01-02 00:00:00\"/><updated date=\"2026-01-03 00:00:00\"/>" +
                     (advisory.severity.empty() ? "" : "<severity>" + advisory.severity + "</severity>") +
                     "<description>test</description><references>";
  for (const auto& cve : advisory.cves)
    text += "<reference href=\"https://example.org/" + cve + "\" id=\"" + cve + "\" type=\"cve\" title=\"" +
            cve + "\"/>";
  text += "</references><pkglist><collection short=\"t\"><name>t</name>";
  for (const auto& rpm : advisory.packages) {
    const auto colon = rpm.evr.find(':');
    const auto begin = colon == std::string::npos ? 0 : colon + 1;
    const auto dash = rpm.evr.rfind('-');
    text += "<package name=\"" + rpm.name + "\" version=\"" + rpm.evr.substr(begin, dash - begin) +
            "\" release=\"" + rpm.evr.substr(dash + 1) + "\" epoch=\"" +
            (colon == std::string::npos ? "0" : rpm.evr.substr(0, colon)) + "\" arch=\"" + rpm.arch +
            "\"><filename>" + rpmFile(rpm).filename().string() + "</filename>" +
            (advisory.reboot ? "<reboot_suggested>True</reboot_suggested>" : "") + "</package>";
  }
  return text + "</collection></pkglist></update>\n";
}

std::string updateinfoOf(const RepositoryOptions& options) {
  if (!options.updateinfo.empty() || options.advisories.empty()) return options.updateinfo;
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<updates>\n";
  for (const auto& advisory : options.advisories)
    text += entryOf(advisory);
  return text + "</updates>\n";
}

}  // namespace

DnfRoot::DnfRoot() {
  auto pattern = (std::filesystem::temp_directory_path() / "redflag-dnf-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
  for (const auto* folder : {"etc/dnf/plugins", "etc/dnf/modules.d", "etc/yum.repos.d", "var/lib/rpm",
                             "var/cache/dnf", "root", "repositories", "cli-plugins", "plugin-cache"})
    std::filesystem::create_directories(path_ / folder);
  std::filesystem::create_directory_symlink("../var/lib/rpm", path_ / "root/.rpmdb");
  write("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\n");
  write("etc/os-release", "ID=test\nPLATFORM_ID=\"platform:el9\"\n");
  write("cli-plugins/local.conf", "[main]\nenabled=0\n");
  write("cli-plugins/versionlock.conf", "[main]\nenabled=0\n");
}

DnfRoot::~DnfRoot() {
  std::filesystem::remove_all(path_);
}

std::filesystem::path DnfRoot::metadataOf(const std::string& repository) const {
  for (const auto& entry : std::filesystem::directory_iterator(path_ / "var/cache/dnf"))
    if (entry.is_directory() && entry.path().filename().string().starts_with(repository + "-"))
      return entry.path();
  ADD_FAILURE() << "dnf has fetched nothing of " << repository;
  return path_ / "nowhere";
}

void DnfRoot::write(const std::string& file, const std::string& content) const {
  std::ofstream(path_ / file, std::ios::trunc) << content;
}

void DnfRoot::append(const std::string& file, const std::string& content) const {
  std::ofstream(path_ / file, std::ios::app) << content;
}

void DnfRoot::install(const std::vector<Rpm>& rpms) const {
  // Without the shell its complaint that this is Debian would fill the log.
  std::vector<std::string> command{"sh",          "-c",       "exec rpm \"$@\" 2> /dev/null",
                                   "rpm",         "--root",   path_.string(),
                                   "-i",          "--nodeps", "--force",
                                   "--ignorearch"};
  for (const auto& rpm : rpms)
    command.push_back(rpmFile(rpm).string());
  outputOf(command, kEnvironment);
}

void DnfRoot::importKey(const SigningKey& key) const {
  outputOf({"rpm", "--root", path_.string(), "--import", key.file().string()}, kEnvironment);
}

void DnfRoot::lock(const std::string& lines) const {
  write("etc/dnf/plugins/versionlock.list", lines);
  write("etc/dnf/plugins/versionlock.conf",
        "[main]\nenabled = 1\nlocklist = /etc/dnf/plugins/versionlock.list\n");
  // dnf looks for its plugins' settings outside of an --installroot.
  write("cli-plugins/versionlock.conf",
        "[main]\nenabled = 1\nlocklist = " + path_.string() + "/etc/dnf/plugins/versionlock.list\n");
}

void DnfRoot::publish(const RepositoryOptions& options, const std::vector<Rpm>& rpms) const {
  const auto folder = path_ / "repositories" / options.id;
  std::filesystem::create_directories(folder);
  for (const auto& rpm : rpms) {
    const auto copy = folder / rpmFile(rpm).filename();
    std::filesystem::copy_file(rpmFile(rpm), copy, std::filesystem::copy_options::overwrite_existing);
    if (options.signer != nullptr) options.signer->sign(copy);
  }
  outputOf({"createrepo_c", "--quiet", "--no-database", folder.string()});
  const std::vector<std::pair<std::string, std::string>> parts{{"updateinfo", updateinfoOf(options)},
                                                               {"modules", options.modules}};
  for (const auto& [type, text] : parts) {
    if (text.empty()) continue;
    const auto file = path_ / "repositories" / (type + ".xml");
    std::ofstream(file, std::ios::trunc) << text;
    outputOf({"modifyrepo_c", "--mdtype=" + type, file.string(), (folder / "repodata").string()});
  }
}

void DnfRoot::addRepository(const RepositoryOptions& options, const std::vector<Rpm>& rpms) const {
  publish(options, rpms);
  const auto folder = path_ / "repositories" / options.id;
  write("etc/yum.repos.d/" + options.id + ".repo",
        "[" + options.id + "]\nname=" + options.id + "\nbaseurl=file://" + folder.string() + "\nenabled=1\n" +
            (options.lines.find("gpgcheck") == std::string::npos ? "gpgcheck=0\n" : "") + options.lines);
}

void DnfRoot::refresh() const {
  const auto ended = dnf({"makecache", "--refresh"});
  EXPECT_EQ(ended.code, 0) << ended.output;
}

Ended DnfRoot::dnf(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{"sh",
                                   "-c",
                                   "exec dnf \"$@\" 2> \"$0/dnf.log\"",
                                   path_.string(),
                                   "--installroot=" + path_.string(),
                                   "--setopt=pluginconfpath=" + (path_ / "cli-plugins").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return runProgram(command, kEnvironment);
}

std::set<std::string> DnfRoot::upgradable(const std::vector<std::string>& options) const {
  std::vector<std::string> question{"-C", "-q", "check-update"};
  question.insert(question.end(), options.begin(), options.end());
  const auto ended = dnf(question);
  EXPECT_TRUE(ended.code == 0 || ended.code == 100) << ended.output;
  std::set<std::string> rows;
  std::istringstream lines(ended.output);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == ' ' || line == "Obsoleting Packages") continue;
    std::istringstream words(line);  // name.arch candidate repository
    std::string name, candidate, repository;
    words >> name >> candidate >> repository;
    const auto dot = name.rfind('.');
    rows.insert(name.substr(0, dot) + " " + name.substr(dot + 1) + " " + candidate + " " + repository);
  }
  return rows;
}

std::vector<DnfRoot::Advised> DnfRoot::updateinfo(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments{"-C", "-q", "updateinfo", "list"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto ended = dnf(arguments);
  EXPECT_EQ(ended.code, 0) << ended.output;
  std::vector<Advised> rows;
  std::istringstream lines(ended.output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);  // advisory or CVE, kind, name-version-release.arch
    std::string id, kind, package;
    words >> id >> kind >> package;
    const auto version = package.rfind('-', package.rfind('-') - 1);
    rows.push_back({id, kind, package.substr(0, version)});
  }
  return rows;
}

std::set<std::string> DnfRoot::advised() const {
  std::set<std::string> rows;
  for (const auto& row : updateinfo({}))
    rows.insert(row.id + " " + row.name);
  return rows;
}

std::set<std::string> DnfRoot::advisedKinds() const {
  std::set<std::string> rows;
  for (const auto& row : updateinfo({}))
    rows.insert(row.name + " " + row.kind);
  return rows;
}

std::set<std::string> DnfRoot::advisedCves() const {
  std::set<std::string> rows;
  for (const auto& row : updateinfo({"--with-cve"}))
    rows.insert(row.id + " " + row.name);
  return rows;
}

std::set<std::string> DnfRoot::installed() const {
  std::set<std::string> rows;
  std::istringstream lines(outputOf({"rpm", "--root", path_.string(), "-qa", "--qf",
                                     "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\\n"},
                                    kEnvironment));
  for (std::string line; std::getline(lines, line);)
    rows.insert(line);
  return rows;
}

}  // namespace redflag::test
