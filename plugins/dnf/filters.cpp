#include "filters.h"

#include <algorithm>

#include "version_lock.h"

namespace redflag::dnf {
namespace {

// All packages that a pattern of excludepkgs means: a name, a glob, a NEVRA.
void addMatches(DnfSack* sack, const std::vector<std::string>& patterns, const Query& to) {
  const std::set<std::string> each(patterns.begin(), patterns.end());
  for (const auto& pattern : each) {
    HyNevra nevra = nullptr;
    const Query matches(hy_subject_get_best_solution(const_cast<char*>(pattern.c_str()), sack, nullptr,
                                                     &nevra, FALSE, TRUE, FALSE, FALSE, TRUE));
    if (nevra != nullptr) hy_nevra_free(nevra);
    hy_query_union(to.get(), matches.get());
  }
}

Query nothing(DnfSack* sack) {
  Query query(hy_query_create(sack));
  hy_query_filter_empty(query.get());
  hy_query_apply(query.get());
  return query;
}

struct Selection {
  std::string repository;  // "": all
  PackageSet packages;
};

struct Selections {
  std::vector<Selection> includes;
  std::vector<PackageSet> excludes;
};

PackageSet select(DnfSack* sack, const std::vector<std::string>& patterns, const std::string& repository) {
  const auto query = nothing(sack);
  addMatches(sack, patterns, query);
  if (!repository.empty()) hy_query_filter(query.get(), HY_PKG_REPONAME, HY_EQ, repository.c_str());
  return runSet(query);
}

// Before any of them is in force.
Selections evaluate(DnfSack* sack, const Configuration& configuration) {
  Selections found;
  const auto& disabled = configuration.disabled_excludes;
  if (disabled.contains("all")) return found;
  for (const auto& repository : configuration.repositories) {
    if (disabled.contains(repository.id)) continue;
    if (!repository.includes.empty())
      found.includes.push_back({repository.id, select(sack, repository.includes, repository.id)});
    if (!repository.excludes.empty())
      found.excludes.push_back(select(sack, repository.excludes, repository.id));
  }
  if (disabled.contains("main")) return found;
  if (!configuration.includes.empty())
    found.includes.push_back({"", select(sack, configuration.includes, "")});
  if (!configuration.excludes.empty()) found.excludes.push_back(select(sack, configuration.excludes, ""));
  return found;
}

void enforce(DnfSack* sack, const Selections& selections) {
  for (const auto& include : selections.includes) {
    dnf_sack_add_includes(sack, include.packages.get());
    dnf_sack_set_use_includes(sack, include.repository.empty() ? nullptr : include.repository.c_str(), TRUE);
  }
  for (const auto& excluded : selections.excludes)
    dnf_sack_add_excludes(sack, excluded.get());
}

// Only streams that are enabled, or default, count; packages of a repository with module_hotfixes always do.
Result<> filterModules(DnfSack* sack, const Settings& settings, const Configuration& configuration) {
  try {
    const Packages no_hotfixes(g_ptr_array_new());
    dnf_sack_filter_modules(sack, no_hotfixes.get(), settings.root.c_str(),
                            configuration.platform.empty() ? nullptr : configuration.platform.c_str());
  } catch (const std::exception& e) {
    return fail(RF_PERMANENT, "dnf.modules_broken",
                std::string("the modules cannot be resolved: ") + e.what());
  }
  for (const auto& repository : configuration.repositories) {
    if (!repository.module_hotfixes) continue;
    const Query query(hy_query_create_flags(sack, HY_IGNORE_EXCLUDES));
    hy_query_filter(query.get(), HY_PKG_REPONAME, HY_EQ, repository.id.c_str());
    dnf_sack_remove_module_excludes(sack, runSet(query).get());
  }
  return {};
}

}  // namespace

Query upgrades(DnfSack* sack) {
  Query query(hy_query_create(sack));
  hy_query_filter_num(query.get(), HY_PKG_UPGRADES_BY_PRIORITY, HY_EQ, 1);
  hy_query_apply(query.get());
  hy_query_filter_num(query.get(), HY_PKG_LATEST_PER_ARCH, HY_EQ, 1);
  return query;
}

Result<Filters> Filters::apply(DnfSack* sack, const Settings& settings, const Configuration& configuration) {
  const auto selections = evaluate(sack, configuration);
  if (auto filtered = filterModules(sack, settings, configuration); !filtered)
    return tl::unexpected<Problem>(filtered.error());
  auto locks = readVersionLocks(settings, configuration);
  if (!locks) return tl::unexpected<Problem>(locks.error());
  Filters filters;
  if (selections.includes.empty() && selections.excludes.empty() && locks->empty()) return filters;
  filters.unfiltered_ = run(upgrades(sack));
  filters.unfiltered_list_ = listOf(filters.unfiltered_);
  enforce(sack, selections);
  filters.locked_ = versionsOutOfLock(sack, *locks);
  if (filters.locked_) dnf_sack_add_excludes(sack, filters.locked_.get());
  return filters;
}

}  // namespace redflag::dnf
