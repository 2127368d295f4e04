#include "picture.h"

#include <apt-pkg/configuration.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/json.h"
#include "candidates.h"
#include "common/kept_values.h"
#include "installed_lists.h"
#include "kept_back.h"
#include "phasing.h"
#include "plain_text.h"

namespace redflag::apt {
namespace {

bool isHeld(const Candidate& candidate) {
  return candidate.package->SelectedState == pkgCache::State::Hold &&
         !_config->FindB("APT::Ignore-Hold", false);
}

// The updates, and why each of them could not be installed now.
struct Found {
  std::unique_ptr<Session> session;
  std::vector<Candidate> candidates;
  std::vector<std::string> blockers;
  bool all_fit = false;
};

Found findIn(std::unique_ptr<Session> session, const Settings& settings) {
  Found found;
  found.candidates = findCandidates(*session);
  std::vector<Candidate> wanted;
  Phasing phasing(settings);
  for (const auto& candidate : found.candidates) {
    found.blockers.emplace_back(isHeld(candidate) ? "held" : phasing.holdsBack(candidate) ? "phased" : "");
    if (found.blockers.back().empty()) wanted.push_back(candidate);
  }
  found.all_fit = allFitTogether(*session, wanted);
  found.session = std::move(session);
  return found;
}

// What is installed says which updates there are, and whether they fit to each other and to it. Where one
// brings another package or is kept back, libapt has to look at everything.
Result<Found> find(const Settings& settings) {
  bool narrow = false;
  auto session = openInstalled(settings, &narrow);
  if (!session) return tl::unexpected<Problem>(session.error());
  auto found = findIn(std::move(*session), settings);
  if (found.all_fit) return found;
  if (narrow) {
    session = Session::open();
    if (!session) return tl::unexpected<Problem>(session.error());
    found = findIn(std::move(*session), settings);
    if (found.all_fit) return found;
  }
  const auto kept = simulateKeptBack(*found.session, found.candidates);
  if (!kept) return tl::unexpected<Problem>(kept.error());
  for (std::size_t i = 0; i < found.candidates.size(); ++i)
    if (found.blockers[i].empty() && (*kept)[i]) found.blockers[i] = "kept_back";
  return found;
}

std::string otherManager(Session& session) {
  const auto package = session.cache().FindPkg("unattended-upgrades");
  const bool installed = !package.end() && package->CurrentVer != nullptr;
  const auto every = _config->Find("APT::Periodic::Unattended-Upgrade", "0");
  const bool periodic = _config->FindI("APT::Periodic::Enable", 1) != 0;  // its daily timers ask this first
  return installed && periodic && every != "0" && !every.empty() ? "unattended-upgrades" : "";
}

void addBrokenSources(const Session& session, std::vector<Archive>& archives) {
  for (const auto& broken : session.brokenSources())
    archives.push_back({broken.file, broken.problem, 0});
}

std::int64_t goodUntil(const std::vector<Archive>& archives, const Settings& settings, const Lists& lists,
                       std::int64_t now) {
  const bool expected = settings.refresh != plugin::Refresh::kNever && !lists.own;
  // In the last second that counts they are still believed.
  std::int64_t first = expected ? lists.refreshed_at + settings.refresh_after_s + 1 : 0;
  if (first <= now) first = 0;
  for (const auto& archive : archives)
    if (archive.valid_until >= now && (first == 0 || archive.valid_until < first))
      first = archive.valid_until + 1;
  return first;
}

// A name that no package can have is not shown, and its archive not believed.
void refuseMalformed(Picture& picture) {
  for (const auto& upgrade : picture.upgrades) {
    const auto fault = malformedPart(upgrade);
    if (fault.empty()) continue;
    for (auto& archive : picture.archives)
      if (archive.key == upgrade.scope && !archive.problem)
        archive.problem = Problem{
            RF_INVALID, "apt.lists_broken",
            archive.key + ": it offers a package whose " + fault + " is not one that a package can have"};
  }
  std::erase_if(picture.upgrades, [](const Upgrade& upgrade) { return !malformedPart(upgrade).empty(); });
}

}  // namespace

Result<Picture> takePicture(const Settings& settings, const Lists& lists, std::int64_t now) {
  auto found = find(settings);
  if (!found) return tl::unexpected<Problem>(found.error());
  Session& session = *found->session;
  if (auto whole = requireInstalled(session); !whole) return tl::unexpected<Problem>(whole.error());
  Picture picture;
  picture.archives = readArchives(session.sources(), settings, lists, now);
  addBrokenSources(session, picture.archives);
  const Describer describer(session, picture.archives);
  for (std::size_t i = 0; i < found->candidates.size(); ++i) {
    picture.upgrades.push_back(describer.describe(found->candidates[i]));
    picture.upgrades.back().blocked_by = found->blockers[i];
  }
  refuseMalformed(picture);
  std::sort(picture.upgrades.begin(), picture.upgrades.end(), [](const Upgrade& a, const Upgrade& b) {
    return std::tie(a.scope, a.name, a.package_arch) < std::tie(b.scope, b.name, b.package_arch);
  });
  picture.other_manager = otherManager(session);
  picture.good_from = now;
  picture.good_until = goodUntil(picture.archives, settings, lists, now);
  return picture;
}

// Rows as arrays: a list of thousands is read back in a few milliseconds.
std::string encodePicture(const Picture& picture) {
  auto archives = Json::array();
  for (const auto& archive : picture.archives) {
    auto row = Json::array({archive.key});
    if (const auto& problem = archive.problem)
      row.insert(row.end(), {problem->status, problem->code, problem->text});
    archives.push_back(std::move(row));
  }
  auto upgrades = Json::array();
  for (const auto& u : picture.upgrades)
    upgrades.push_back(Json::array({u.scope, u.name, u.arch, u.package_arch, u.installed_version,
                                    u.candidate_version, u.source_package, u.origin, u.blocked_by, u.security,
                                    u.needs_reboot, u.download_bytes, u.installed_bytes}));
  return dumpJson({{"archives", std::move(archives)},
                   {"upgrades", std::move(upgrades)},
                   {"other_manager", picture.other_manager},
                   {"good_from", picture.good_from},
                   {"good_until", picture.good_until}});
}

namespace {

Archive decodeArchive(const Json& row) {
  Archive archive;
  row.at(0).get_to(archive.key);
  if (row.size() > 1) archive.problem = plugin::keptProblem(row, 1);
  return archive;
}

Upgrade decodeUpgrade(const Json& row) {
  Upgrade u;
  std::size_t i = 0;
  for (auto* member : {&u.scope, &u.name, &u.arch, &u.package_arch, &u.installed_version,
                       &u.candidate_version, &u.source_package, &u.origin, &u.blocked_by})
    row.at(i++).get_to(*member);
  for (auto* member : {&u.security, &u.needs_reboot})
    row.at(i++).get_to(*member);
  for (auto* member : {&u.download_bytes, &u.installed_bytes})
    *member = plugin::keptNumber(row.at(i++));
  return u;
}

}  // namespace

Result<Picture> decodePicture(std::string_view text) {
  const auto parsed = parseJson(text, {.bytes = 4U << 20, .depth = 4, .values = 2'000'000});
  if (!parsed) return fail(RF_INVALID, "apt.bad_state", parsed.error().text);
  try {
    Picture picture;
    for (const auto& row : parsed->at("archives"))
      picture.archives.push_back(decodeArchive(row));
    for (const auto& row : parsed->at("upgrades"))
      picture.upgrades.push_back(decodeUpgrade(row));
    parsed->at("other_manager").get_to(picture.other_manager);
    picture.good_from = plugin::keptNumber(parsed->at("good_from"));
    picture.good_until = plugin::keptNumber(parsed->at("good_until"));
    return picture;
  } catch (const Json::exception& e) {
    return fail(RF_INVALID, "apt.bad_state", e.what());
  }
}

}  // namespace redflag::apt
