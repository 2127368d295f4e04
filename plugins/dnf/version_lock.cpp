#define LIBDNF_UNSTABLE_API
#include "version_lock.h"

#include <libdnf/conf/ConfigParser.hpp>
#include <libdnf/conf/OptionBool.hpp>
#include <libdnf/nevra.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace redflag::dnf {
namespace {

constexpr const char* kPluginFile = "/etc/dnf/plugins/versionlock.conf";
constexpr std::array kForms{HY_FORM_NEVRA, HY_FORM_NEVR, HY_FORM_NEV, HY_FORM_NA, HY_FORM_NAME};

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// The packages of the first reading of a pattern that finds any, as the plugin chooses it; `names` gets the
// name in every reading that was tried.
Query matching(DnfSack* sack, const std::string& pattern, std::vector<std::string>& names) {
  Query found(hy_query_create(sack));
  hy_query_filter_empty(found.get());
  hy_query_apply(found.get());
  for (const auto form : kForms) {
    libdnf::Nevra nevra;
    if (!nevra.parse(pattern.c_str(), form)) continue;
    names.push_back(nevra.getName());
    const Query matches(hy_query_from_nevra(&nevra, sack, false));
    hy_query_union(found.get(), matches.get());
    if (!hy_query_is_empty(matches.get())) break;
  }
  return found;
}

// Every other version of what is locked, and whatever would replace it by obsoleting it.
void addOthers(DnfSack* sack, const Query& locked, const std::vector<std::string>& names, const Query& to) {
  std::vector<const char*> globs;
  for (const auto& name : names)
    globs.push_back(name.c_str());
  globs.push_back(nullptr);
  const Query others(hy_query_create(sack));
  hy_query_filter_in(others.get(), HY_PKG_NAME, HY_GLOB, globs.data());
  hy_query_difference(others.get(), locked.get());
  hy_query_union(to.get(), others.get());
  const Query replacing(hy_query_create(sack));
  hy_query_filter_package_in(replacing.get(), HY_PKG_OBSOLETES, HY_EQ, runSet(locked).get());
  hy_query_difference(replacing.get(), locked.get());
  hy_query_union(to.get(), replacing.get());
}

}  // namespace

Result<std::string> versionLockFile(const Settings& settings) {
  const auto file = settings.inRoot(kPluginFile);
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return std::string();
  libdnf::ConfigParser parser;
  try {
    parser.read(file);
    if (parser.hasOption("main", "enabled") &&
        !libdnf::OptionBool(true).fromString(parser.getSubstitutedValue("main", "enabled")))
      return std::string();
  } catch (const std::exception& e) {
    return fail(RF_MISCONFIGURED, "dnf.versionlock_broken", file + ": " + e.what());
  }
  if (!parser.hasOption("main", "locklist"))
    return fail(RF_MISCONFIGURED, "dnf.versionlock_broken",
                file + ": locklist is not set; dnf refuses to work");
  return parser.getSubstitutedValue("main", "locklist");
}

Result<std::vector<std::string>> readVersionLocks(const Settings& settings,
                                                  const Configuration& configuration) {
  std::vector<std::string> locks;
  if (!configuration.plugins) return locks;
  const auto path = versionLockFile(settings);
  if (!path) return tl::unexpected<Problem>(path.error());
  if (path->empty()) return locks;
  const auto file = settings.inRoot(*path);
  errno = 0;
  std::ifstream lines(file);
  if (!lines)
    return fail(errno == EACCES ? RF_DENIED : RF_MISCONFIGURED, "dnf.versionlock_unreadable",
                file + ": " + std::strerror(errno) + "; which versions are locked is not known");
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with('#') && !trimmed(line).empty()) locks.push_back(trimmed(line));
  return locks;
}

PackageSet versionsOutOfLock(DnfSack* sack, const std::vector<std::string>& locks) {
  if (locks.empty()) return {};
  const Query out(hy_query_create(sack));
  const Query locked(hy_query_create(sack));
  for (const auto& query : {out.get(), locked.get()}) {
    hy_query_filter_empty(query);
    hy_query_apply(query);
  }
  std::vector<std::string> names;
  for (const auto& lock : locks) {
    std::vector<std::string> ignored;
    const bool forbids = lock.starts_with('!');
    const auto matches = matching(sack, forbids ? lock.substr(1) : lock, forbids ? ignored : names);
    hy_query_union((forbids ? out : locked).get(), matches.get());
  }
  if (!names.empty()) addOthers(sack, locked, names, out);
  hy_query_filter(out.get(), HY_PKG_REPONAME, HY_NEQ, HY_SYSTEM_REPO_NAME);
  return runSet(out);
}

}  // namespace redflag::dnf
