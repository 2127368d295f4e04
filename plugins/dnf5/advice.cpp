#include "advice.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "rpm_version.h"

namespace redflag::dnf5 {
namespace {

constexpr std::array kCategories{"unknown", "enhancement", "bugfix", "security"};
constexpr std::array kSeverities{"unknown", "low", "medium", "high", "critical"};

std::size_t rankOf(const std::string& type) {
  if (type == "newpackage") return 1;
  const auto found = std::find(kCategories.begin() + 1, kCategories.end(), type);
  return found == kCategories.end() ? 0 : static_cast<std::size_t>(found - kCategories.begin());
}

std::size_t severityRank(const std::string& severity) {
  return static_cast<std::size_t>(std::find(kSeverities.begin(), kSeverities.end(), severity) -
                                  kSeverities.begin());
}

void sortOnce(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

}  // namespace

std::string severityOf(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (word == "important" || word == "high") return "high";
  if (word == "moderate" || word == "medium") return "medium";
  return word == "critical" || word == "low" ? word : "unknown";
}

Advisories::Advisories(const std::vector<Advisory>& advisories) {
  for (const auto& advisory : advisories)
    for (const auto& package : advisory.packages)
      entries_[{package.name, package.arch}].push_back({package.evr, &advisory});
}

Advice Advisories::between(const std::string& name, const std::string& arch, const std::string& installed,
                           const std::string& candidate) const {
  Advice advice;
  const auto found = entries_.find({name, arch});
  if (found == entries_.end()) return advice;
  std::size_t rank = 0;
  for (const auto& [evr, advisory] : found->second) {
    const int to_candidate = compareEvr(evr, candidate);
    if (to_candidate > 0 || compareEvr(evr, installed) <= 0) continue;
    advice.ids.push_back(advisory->id);
    advice.cves.insert(advice.cves.end(), advisory->cves.begin(), advisory->cves.end());
    if (to_candidate == 0) advice.published_at = std::max(advice.published_at, advisory->issued_at);
    const auto its_rank = rankOf(advisory->type);
    if (its_rank < rank) continue;
    if (its_rank > rank) advice.severity = "unknown";
    rank = its_rank;
    const auto severity = severityOf(advisory->severity);
    if (severityRank(severity) > severityRank(advice.severity)) advice.severity = severity;
  }
  advice.category = kCategories[rank];
  sortOnce(advice.ids);
  sortOnce(advice.cves);
  return advice;
}

}  // namespace redflag::dnf5
