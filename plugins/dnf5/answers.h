#pragma once
// What dnf5 prints for machines, read. Source: dnf5(8), its --json and --queryformat; recordings of 5.4 in
// tests/plugins/dnf5.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "common/package_text.h"
#include "problem.h"

namespace redflag::dnf5 {

using plugin::isPackageText;

struct Repository {
  std::string id;
  std::int64_t refreshed_at = 0;  // seconds since the epoch; 0: nothing usable was ever fetched
  std::string revision = {};      // what tells its metadata from another state of it
};

struct Package {
  std::string name;
  std::string arch;
  std::string evr;
  std::string repository;  // "": installed
  std::string source_package;
  std::int64_t download_bytes = 0;
  std::int64_t installed_bytes = 0;
  std::int64_t installed_at = 0;  // seconds since the epoch; 0: unknown, or not installed
  std::string reason;             // why it is installed, in dnf5's words
};

struct Advisory {
  std::string id;
  std::string type;      // "security", "bugfix" …
  std::string severity;  // "Important" …, as its publisher wrote it
  std::int64_t issued_at = 0;
  std::vector<std::string> cves;
  std::vector<Package> packages;  // name, architecture and version alone
};

// All of them: RF_INTERNAL "dnf5.malformed" names what was expected where.
Result<std::vector<Repository>> parseRepositories(const Json& answer);  // repo info: the enabled ones
Result<std::vector<Package>> parsePackages(const Json& answer, const char* key);  // the list under that key
Result<std::vector<Advisory>> parseAdvisories(const Json& answer);                // advisory info
Result<std::int64_t> parseNewestTransaction(const Json& answer);                  // history list; 0: none

// The formats that repoquery is asked for, tabs between the fields, and lines in them.
extern const char* const kOfferedFormat;
extern const char* const kInstalledFormat;
Result<std::vector<Package>> parseOffered(std::string_view text);
Result<std::vector<Package>> parseInstalled(std::string_view text);
// What is installed, with its reason and size.
extern const char* const kReasonFormat;
Result<std::vector<Package>> parseReasons(std::string_view text);

// Of all packages that are named, one path a line.
extern const char* const kFilesFormat;

// "[epoch:]name-version-release.arch" and "name-[epoch:]version-release.arch"; an empty name: it is neither.
Package parseNevra(std::string_view text);

}  // namespace redflag::dnf5
