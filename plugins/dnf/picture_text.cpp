#include "base/json.h"
#include "common/kept_values.h"
#include "picture.h"

namespace redflag::dnf {
namespace {

Source decodeSource(const Json& row) {
  Source source;
  row.at(0).get_to(source.key);
  source.refreshed_at = plugin::keptNumber(row.at(1));
  if (row.size() > 2) source.problem = plugin::keptProblem(row, 2);
  return source;
}

Upgrade decodeUpgrade(const Json& row) {
  Upgrade u;
  std::size_t i = 0;
  for (auto* member : {&u.scope, &u.name, &u.arch, &u.installed_version, &u.candidate_version,
                       &u.source_package, &u.channel, &u.category, &u.severity, &u.blocked_by})
    row.at(i++).get_to(*member);
  for (auto* member : {&u.advisories, &u.cves})
    row.at(i++).get_to(*member);
  row.at(i++).get_to(u.needs_reboot);
  for (auto* member : {&u.published_at, &u.download_bytes, &u.installed_bytes})
    *member = plugin::keptNumber(row.at(i++));
  return u;
}

}  // namespace

// Rows as arrays: a list of thousands is read back in a few milliseconds.
std::string encodePicture(const Picture& picture) {
  auto sources = Json::array();
  for (const auto& source : picture.sources) {
    auto row = Json::array({source.key, source.refreshed_at});
    if (const auto& problem = source.problem)
      row.insert(row.end(), {problem->status, problem->code, problem->text});
    sources.push_back(std::move(row));
  }
  auto upgrades = Json::array();
  for (const auto& u : picture.upgrades)
    upgrades.push_back(
        Json::array({u.scope, u.name, u.arch, u.installed_version, u.candidate_version, u.source_package,
                     u.channel, u.category, u.severity, u.blocked_by, u.advisories, u.cves, u.needs_reboot,
                     u.published_at, u.download_bytes, u.installed_bytes}));
  return dumpJson({{"sources", std::move(sources)},
                   {"upgrades", std::move(upgrades)},
                   {"good_from", picture.good_from},
                   {"good_until", picture.good_until}});
}

Result<Picture> decodePicture(std::string_view text) {
  const auto parsed = parseJson(text, {.bytes = 4U << 20, .depth = 6, .values = 2'000'000});
  if (!parsed) return fail(RF_INVALID, "dnf.bad_state", parsed.error().text);
  try {
    Picture picture;
    for (const auto& row : parsed->at("sources"))
      picture.sources.push_back(decodeSource(row));
    for (const auto& row : parsed->at("upgrades"))
      picture.upgrades.push_back(decodeUpgrade(row));
    picture.good_from = plugin::keptNumber(parsed->at("good_from"));
    picture.good_until = plugin::keptNumber(parsed->at("good_until"));
    return picture;
  } catch (const Json::exception& e) {
    return fail(RF_INVALID, "dnf.bad_state", e.what());
  }
}

}  // namespace redflag::dnf
