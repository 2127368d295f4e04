#include "base/json.h"
#include "common/kept_values.h"
#include "picture.h"

namespace redflag::dnf5 {
namespace {

Upgrade decodeUpgrade(const Json& row) {
  Upgrade u;
  std::size_t i = 0;
  for (auto* member : {&u.candidate.name, &u.candidate.arch, &u.candidate.evr, &u.candidate.repository,
                       &u.candidate.source_package, &u.installed_version, &u.blocked_by, &u.advice.category,
                       &u.advice.severity})
    row.at(i++).get_to(*member);
  for (auto* member : {&u.advice.ids, &u.advice.cves})
    row.at(i++).get_to(*member);
  for (auto* member : {&u.advice.published_at, &u.candidate.download_bytes, &u.candidate.installed_bytes})
    *member = plugin::keptNumber(row.at(i++));
  return u;
}

}  // namespace

// Rows as arrays: a list of thousands is read back in a few milliseconds.
std::string encodePicture(const Picture& picture) {
  auto sources = Json::array();
  for (const auto& source : picture.sources)
    sources.push_back(Json::array({source.repository.id, source.repository.refreshed_at}));
  auto upgrades = Json::array();
  for (const auto& u : picture.upgrades)
    upgrades.push_back(
        Json::array({u.candidate.name, u.candidate.arch, u.candidate.evr, u.candidate.repository,
                     u.candidate.source_package, u.installed_version, u.blocked_by, u.advice.category,
                     u.advice.severity, u.advice.ids, u.advice.cves, u.advice.published_at,
                     u.candidate.download_bytes, u.candidate.installed_bytes}));
  return dumpJson({{"sources", std::move(sources)}, {"upgrades", std::move(upgrades)}});
}

Result<Picture> decodePicture(std::string_view text) {
  const auto parsed = parseJson(text, {.bytes = 4U << 20, .depth = 6, .values = 2'000'000});
  if (!parsed) return fail(RF_INVALID, "dnf5.bad_state", parsed.error().text);
  try {
    Picture picture;
    for (const auto& row : parsed->at("sources"))
      picture.sources.push_back(
          Source{Repository{row.at(0).get<std::string>(), plugin::keptNumber(row.at(1)), ""}, std::nullopt});
    for (const auto& row : parsed->at("upgrades"))
      picture.upgrades.push_back(decodeUpgrade(row));
    return picture;
  } catch (const Json::exception& e) {
    return fail(RF_INVALID, "dnf5.bad_state", e.what());
  }
}

}  // namespace redflag::dnf5
