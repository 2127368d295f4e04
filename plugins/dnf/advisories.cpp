#include "advisories.h"

#include <solv/dataiterator.h>
#include <solv/knownid.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace redflag::dnf {
namespace {

using Named = std::tuple<std::string, std::string, std::string>;  // name, architecture, version
using AdvisoryPackages = std::unique_ptr<GPtrArray, Free<&g_ptr_array_unref>>;

// libdnf does not say which packages an advisory wants a reboot for; libsolv keeps it.
std::set<Named> findRebooting(DnfSack* sack) {
  std::set<Named> found;
  auto* pool = dnf_sack_get_pool(sack);
  Dataiterator at;
  dataiterator_init(&at, pool, nullptr, 0, UPDATE_REBOOT, nullptr, 0);
  dataiterator_prepend_keyname(&at, UPDATE_COLLECTION);
  while (dataiterator_step(&at) != 0) {
    dataiterator_setpos_parent(&at);
    const auto text = [pool](Id key) {
      return textOf(pool_id2str(pool, pool_lookup_id(pool, SOLVID_POS, key)));
    };
    found.emplace(text(UPDATE_COLLECTION_NAME), text(UPDATE_COLLECTION_ARCH), text(UPDATE_COLLECTION_EVR));
  }
  dataiterator_free(&at);
  return found;
}

std::vector<std::string> cvesOf(DnfAdvisory* advisory) {
  std::vector<std::string> cves;
  const std::unique_ptr<GPtrArray, Free<&g_ptr_array_unref>> references(
      dnf_advisory_get_references(advisory));
  for (guint i = 0; references && i < references->len; ++i) {
    auto* reference = static_cast<DnfAdvisoryRef*>(g_ptr_array_index(references.get(), i));
    if (dnf_advisoryref_get_kind(reference) == DNF_REFERENCE_KIND_CVE)
      cves.push_back(textOf(dnf_advisoryref_get_id(reference)));
  }
  return cves;
}

// Security first: the one that decides what the whole way counts as.
int rankOf(DnfAdvisoryKind kind) {
  switch (kind) {
    case DNF_ADVISORY_KIND_SECURITY:
      return 3;
    case DNF_ADVISORY_KIND_BUGFIX:
      return 2;
    case DNF_ADVISORY_KIND_ENHANCEMENT:
    case DNF_ADVISORY_KIND_NEWPACKAGE:
      return 1;
    default:
      return 0;
  }
}

constexpr std::array kCategories{"unknown", "enhancement", "bugfix", "security"};
constexpr std::array kSeverities{"unknown", "low", "medium", "high", "critical"};

std::size_t severityRank(const std::string& severity) {
  return static_cast<std::size_t>(std::find(kSeverities.begin(), kSeverities.end(), severity) -
                                  kSeverities.begin());
}

void sortOnce(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

}  // namespace

std::string severityOf(const std::string& word) {
  gchar* lower = g_ascii_strdown(word.c_str(), -1);
  const std::string key = lower;
  g_free(lower);
  if (key == "important" || key == "high") return "high";
  if (key == "moderate" || key == "medium") return "medium";
  if (key == "critical" || key == "low") return key;
  return "unknown";
}

Advisories::Advisories(DnfSack* sack, const std::vector<DnfPackage*>& installed) : sack_(sack) {
  if (installed.empty()) return;
  const PackageSet set(dnf_packageset_new(sack));
  for (auto* package : installed)
    dnf_packageset_add(set.get(), package);
  const auto query = installedPackages(sack);
  hy_query_filter_package_in(query.get(), HY_PKG, HY_EQ, set.get());
  const AdvisoryPackages newer(hy_query_get_advisory_pkgs(query.get(), HY_GT));
  const auto rebooting = findRebooting(sack);
  for (guint i = 0; newer && i < newer->len; ++i) {
    auto* package = static_cast<DnfAdvisoryPkg*>(g_ptr_array_index(newer.get(), i));
    const Advisory advisory(dnf_advisorypkg_get_advisory(package));
    const Named named(textOf(dnf_advisorypkg_get_name(package)), textOf(dnf_advisorypkg_get_arch(package)),
                      textOf(dnf_advisorypkg_get_evr(package)));
    entries_[{std::get<0>(named), std::get<1>(named)}].push_back(
        {std::get<2>(named), textOf(dnf_advisory_get_id(advisory.get())),
         dnf_advisory_get_kind(advisory.get()), severityOf(textOf(dnf_advisory_get_severity(advisory.get()))),
         cvesOf(advisory.get()), static_cast<std::int64_t>(dnf_advisory_get_updated(advisory.get())),
         rebooting.contains(named)});
  }
}

Advice Advisories::between(const std::string& name, const std::string& arch, const std::string& installed,
                           const std::string& candidate) const {
  Advice advice;
  const auto found = entries_.find({name, arch});
  if (found == entries_.end()) return advice;
  int rank = 0;
  for (const auto& entry : found->second) {
    const auto to_candidate = dnf_sack_evr_cmp(sack_, entry.evr.c_str(), candidate.c_str());
    if (dnf_sack_evr_cmp(sack_, entry.evr.c_str(), installed.c_str()) <= 0 || to_candidate > 0) continue;
    advice.ids.push_back(entry.id);
    advice.cves.insert(advice.cves.end(), entry.cves.begin(), entry.cves.end());
    advice.needs_reboot = advice.needs_reboot || entry.needs_reboot;
    if (to_candidate == 0) advice.published_at = std::max(advice.published_at, entry.updated_at);
    if (rankOf(entry.kind) < rank) continue;
    if (rankOf(entry.kind) > rank) advice.severity = "unknown";
    rank = rankOf(entry.kind);
    if (severityRank(entry.severity) > severityRank(advice.severity)) advice.severity = entry.severity;
  }
  advice.category = kCategories[static_cast<std::size_t>(rank)];
  sortOnce(advice.ids);
  sortOnce(advice.cves);
  return advice;
}

}  // namespace redflag::dnf
