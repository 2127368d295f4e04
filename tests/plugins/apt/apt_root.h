#pragma once
// A made-up system for apt: a root directory with its own dpkg database, sources and fetched lists, and apt
// itself to ask for its opinion of it. Nothing is installed and nothing is fetched; fetched_root.h has one
// whose lists apt fetched.

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/program.h"

namespace redflag::test {

struct Package {
  std::string name;
  std::string version;
  std::string fields = {};  // further lines of its stanza, each with its "\n"
  std::string arch = "amd64";
};

struct ArchiveOptions {
  std::string suite;  // also the distribution in sources.list
  std::string label = "Test";
  std::string release_fields = {};  // further lines of its Release file
  std::string host = "deb.example.org";
  std::string component = "main";
};

class AptRoot {
 public:
  AptRoot();
  ~AptRoot();
  AptRoot(const AptRoot&) = delete;
  AptRoot& operator=(const AptRoot&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string cacheDir() const { return path_ / "plugin-cache"; }

  void write(const std::string& file, const std::string& content) const;
  void append(const std::string& file, const std::string& content) const;
  // `state`: "install ok installed", "hold ok installed" …
  void install(const Package& package, const std::string& state = "install ok installed") const;
  void addForeignArchitecture(const std::string& arch) const;
  // A line in sources.list and the lists, as if fetched: nobody signed them.
  void addLists(const ArchiveOptions& options, const std::vector<Package>& packages) const;
  // Only the line.
  void addSource(const ArchiveOptions& options) const;

  // "name arch installed candidate", by `apt list --upgradable`.
  std::set<std::string> upgradable() const;
  // "name candidate" of what apt's own simulated upgrade, with new packages, would install in place of an
  // older one.
  std::set<std::string> upgraded() const;
  // True if installed packages miss what they depend on: apt then simulates nothing.
  bool brokenFromTheStart() const;
  std::string apt(const std::vector<std::string>& arguments) const;

 private:
  std::filesystem::path path_;
};

// As a list of packages names it.
std::string offered(const Package& package);

std::string sourceLine(const ArchiveOptions& options);

// By their names in the Release file, one for each architecture: "main/binary-amd64/Packages".
using PackageLists = std::map<std::string, std::string>;
PackageLists packageLists(const ArchiveOptions& options, const std::vector<Package>& packages);
// `checksum`: of a list, by its name.
std::string releaseText(const ArchiveOptions& options, const PackageLists& lists,
                        const std::function<std::string(const std::string&)>& checksum);

// What `apt list --upgradable` wrote, as "name arch installed candidate".
std::set<std::string> upgradableRows(const std::string& apt_list);

}  // namespace redflag::test
