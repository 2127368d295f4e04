#include "services/policy_terms.h"

#include <algorithm>
#include <array>

#include "base/time.h"
#include "services/ignore_match.h"
#include "services/name_pattern.h"

namespace redflag::services {
namespace {

using Says = PolicyVerdict::Kind;

constexpr std::size_t kMaxTermTexts = 200;
constexpr std::size_t kMaxTermText = 200;
constexpr std::size_t kMaxPolicyLines = 20;
constexpr std::int64_t kMaxHours = 24 * 366;
constexpr std::array kCategories = {"security", "bugfix",  "enhancement", "driver",
                                    "firmware", "feature", "unknown"};
constexpr std::array kSeverities = {"critical", "high", "medium", "low", "unknown"};

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool anyMatches(const std::vector<std::string>& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matchesName(pattern, name); });
}

// A list that is not given is empty.
std::vector<std::string> readTexts(JsonReader& in, const char* key) {
  std::vector<std::string> texts;
  for (const Json& item : in.optionalArray(key, kMaxTermTexts)) {
    const bool good = item.is_string() && !item.get_ref<const std::string&>().empty() &&
                      item.get_ref<const std::string&>().size() <= kMaxTermText;
    if (!good) {
      in.refuse(key, "texts of 1 to 200 bytes");
      return {};
    }
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

template <class Known>
std::vector<std::string> readKnown(JsonReader& in, const char* key, const Known& known) {
  auto texts = readTexts(in, key);
  for (const auto& text : texts) {
    if (std::find(known.begin(), known.end(), text) != known.end()) continue;
    std::string expected = "one of";
    for (const char* one : known)
      expected += std::string(" ") + one;
    in.refuse(key, expected);
  }
  return texts;
}

// -1 for one that is not for the row; a site is nearer than its client, and any group nearer than a site.
int nearness(const LoadedPolicy& one, const store::UpdateRow& row) {
  const store::DecisionScope& scope = one.policy.scope;
  if (!includes(scope, row)) return -1;
  if (!scope.group_id.empty()) return one.agent_ids.contains(row.agent_id) ? 3 : -1;
  return scope.client_id.empty() ? 0 : scope.site_id.empty() ? 1 : 2;
}

PolicyVerdict verdictOf(const LoadedPolicy& one, const store::UpdateRow& row, std::int64_t now) {
  const PolicyTerms& terms = one.terms;
  if (!terms.managers.empty() && !contains(terms.managers, row.manager)) return {};
  if (anyMatches(terms.exclude, row.name)) return {Says::kExcluded, &one, 0};
  if (!terms.include.empty() && !anyMatches(terms.include, row.name)) return {};
  for (const PolicyLine& line : terms.lines) {
    if (!line.categories.empty() && !contains(line.categories, row.category)) continue;
    if (!line.severities.empty() && !contains(line.severities, row.severity)) continue;
    const bool published = terms.age_from_published && row.published_at > 0;
    const std::int64_t since = published ? row.published_at : row.first_seen_at;
    const std::int64_t wait = line.after_hours * kPolicyHourNs;
    // A manager may say any time, and none is so late that what waits for it is early.
    const std::int64_t at = since > INT64_MAX - wait ? INT64_MAX : since + wait;
    return {at <= now ? Says::kApproves : Says::kWaits, &one, at};
  }
  return {};
}

// Whether `one` decides rather than `other`, at the same distance.
bool before(const PolicyVerdict& one, const PolicyVerdict& other) {
  if (other.kind == Says::kSilent) return one.kind != Says::kSilent;
  if (one.kind == Says::kSilent || other.kind == Says::kExcluded) return false;
  return one.kind == Says::kExcluded || one.at < other.at;
}

}  // namespace

PolicyTerms readTerms(JsonReader& in) {
  PolicyTerms terms;
  const std::string action = in.text("action", 16);
  if (action != "approve" && action != "install") in.refuse("action", "approve or install");
  terms.install = action == "install";
  const std::string from = in.optionalText("age_from", 16, "first_seen");
  if (from != "first_seen" && from != "published") in.refuse("age_from", "first_seen or published");
  terms.age_from_published = from == "published";
  terms.managers = readTexts(in, "managers");
  terms.include = readTexts(in, "include");
  terms.exclude = readTexts(in, "exclude");
  for (const Json& item : in.array("lines", kMaxPolicyLines)) {
    if (!item.is_object()) {
      in.refuse("lines", "objects");
      break;
    }
    JsonReader line(item, "lines");
    PolicyLine& read = terms.lines.emplace_back();
    read.categories = readKnown(line, "categories", kCategories);
    read.severities = readKnown(line, "severities", kSeverities);
    read.after_hours = line.integer("after_hours", 0, kMaxHours);
    if (auto ok = line.finish(); !ok) in.refuse("lines", "lines that can be read: " + ok.error().text);
  }
  if (terms.lines.empty()) in.refuse("lines", "at least one");
  return terms;
}

Json toJson(const PolicyTerms& terms) {
  Json lines = Json::array();
  for (const PolicyLine& line : terms.lines) {
    lines.push_back({{"categories", line.categories},
                     {"severities", line.severities},
                     {"after_hours", line.after_hours}});
  }
  return {{"action", terms.install ? "install" : "approve"},
          {"age_from", terms.age_from_published ? "published" : "first_seen"},
          {"managers", terms.managers},
          {"include", terms.include},
          {"exclude", terms.exclude},
          {"lines", std::move(lines)}};
}

PolicyVerdict judge(const std::vector<LoadedPolicy>& policies, const store::UpdateRow& row,
                    std::int64_t now) {
  PolicyVerdict decides;
  int nearest = -1;
  for (const LoadedPolicy& one : policies) {
    if (!one.policy.enabled) continue;
    const int near = nearness(one, row);
    if (near < nearest || near < 0) continue;
    const PolicyVerdict verdict = verdictOf(one, row, now);
    if (verdict.kind == Says::kSilent) continue;
    if (near > nearest || before(verdict, decides)) decides = verdict;
    nearest = near;
  }
  return decides;
}

}  // namespace redflag::services
