#pragma once
// A system for dnf: a root directory with a real rpm database and repositories made by createrepo_c, whose
// metadata dnf itself has fetched; and dnf to ask for its opinion of it.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/rpm_factory.h"
#include "support/signing_key.h"

namespace redflag::test {

struct AdvisoryEntry {
  std::string id;
  std::string type;      // "security", "bugfix" …
  std::string severity;  // "Important" …, "" for none
  std::vector<std::string> cves;
  std::vector<Rpm> packages;
  bool reboot = false;
};

struct RepositoryOptions {
  std::string id;
  std::string lines = {};  // further lines of its section, each with its "\n"
  std::vector<AdvisoryEntry> advisories = {};
  std::string modules = {};            // modules.yaml
  std::string updateinfo = {};         // in place of advisories: the file's text
  const SigningKey* signer = nullptr;  // of all its packages; nullptr: they are not signed
};

class DnfRoot {
 public:
  DnfRoot();
  ~DnfRoot();
  DnfRoot(const DnfRoot&) = delete;
  DnfRoot& operator=(const DnfRoot&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Where dnf keeps what it fetched of a repository.
  std::filesystem::path metadataOf(const std::string& repository) const;

  void write(const std::string& file, const std::string& content) const;
  void append(const std::string& file, const std::string& content) const;
  // Into the rpm database, without looking at dependencies.
  void install(const std::vector<Rpm>& rpms) const;
  // Into rpm's database, as an administrator would.
  void importKey(const SigningKey& key) const;
  // Enables the versionlock plugin with these lines.
  void lock(const std::string& lines) const;
  // The folder of the scanner's own copy.
  std::string cacheDir() const { return path_ / "plugin-cache"; }
  // What a repository offers from now on, in repositories/ID.
  void publish(const RepositoryOptions& options, const std::vector<Rpm>& rpms) const;
  // The same, and its section; dnf has not fetched it yet.
  void addRepository(const RepositoryOptions& options, const std::vector<Rpm>& rpms) const;
  // Lets dnf fetch the metadata of all of them.
  void refresh() const;

  // "name arch candidate repository", by `dnf -C check-update`: upgrades and obsoleting packages. `options`
  // of dnf's besides.
  std::set<std::string> upgradable(const std::vector<std::string>& options = {}) const;
  // "advisory name", by `dnf -C updateinfo list`.
  std::set<std::string> advised() const;
  // "name kind", by the same; the kind as dnf writes it: "Important/Sec.", "bugfix" …
  std::set<std::string> advisedKinds() const;
  // "CVE name", by `dnf -C updateinfo list --with-cve`.
  std::set<std::string> advisedCves() const;
  // "name-[epoch:]version-release.arch" of what rpm says is installed.
  std::set<std::string> installed() const;
  Ended dnf(const std::vector<std::string>& arguments) const;

 private:
  struct Advised {
    std::string id;  // of the advisory, or a CVE
    std::string kind;
    std::string name;  // of the package
  };
  std::vector<Advised> updateinfo(const std::vector<std::string>& more) const;

  std::filesystem::path path_;
};

}  // namespace redflag::test
