#pragma once
// What dnf.conf, the .repo files and the variables say, read with libdnf's own parser and options, as dnf
// reads them: only ever those of the root that is looked at.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "problem.h"
#include "settings.h"

namespace redflag::dnf {

struct Repository {
  std::string id;      // the key of its scope
  std::string folder;  // of the metadata that dnf fetched for it
  int priority = 99;
  int cost = 1000;
  bool module_hotfixes = false;  // its packages are not filtered by module streams
  std::vector<std::string> excludes;
  std::vector<std::string> includes;

  // How it is reached, and what its metadata has to be signed with: only a copy of our own is fetched here.
  std::vector<std::string> urls;
  std::vector<std::string> keys;
  bool signed_metadata = false;                // repo_gpgcheck
  bool stapled = false;                        // sslverifystatus
  std::map<std::string, std::string> options;  // what else is set of it, dnf.conf's included
};

// A file of repositories, or one of them, that is not understood: what it would offer is not known.
struct BrokenSource {
  std::string key;
  Problem problem;
};

struct Configuration {
  std::string cache_dir;  // inside the root, or that of the scanner's own copy
  std::string platform;   // module_platform_id; "": found out from the system
  bool obsoletes = true;
  bool best = true;
  bool weak_dependencies = true;
  bool vendor_change = true;
  bool plugins = true;
  std::uint32_t installonly_limit = 3;
  std::vector<std::string> installonly;
  std::vector<std::string> protected_packages;  // what dnf lets nothing remove
  std::vector<std::string> excludes;
  std::vector<std::string> includes;
  std::set<std::string> disabled_excludes;  // "all", "main", or a repository
  std::vector<std::string> repository_folders;
  std::vector<std::string> variable_folders;
  std::map<std::string, std::string> variables;
  std::string release;  // what $releasever and $basearch stand for
  std::string basearch;

  std::vector<Repository> repositories;  // enabled ones
  std::vector<BrokenSource> broken;
};

// Which release is installed, by the package that says so.
struct Release {
  std::string version;  // $releasever; "": no package says
  // $releasever_major and $releasever_minor, where that package names them; "": they are the version's parts.
  std::string major = {};
  std::string minor = {};
};

// dnf.conf alone; without one, dnf's defaults. What variables stand for in its cachedir is not known yet.
Result<Configuration> readMainConfiguration(const Settings& settings);

// Adds the repositories, and puts the variables in cache_dir. `release` and `arch` are what $releasever, its
// parts and $basearch stand for, unless the variables say otherwise.
void readRepositories(const Settings& settings, const Release& release, const std::string& arch,
                      Configuration& configuration);

// The files and folders that these two read.
std::vector<std::string> configurationFiles(const Settings& settings);

}  // namespace redflag::dnf
