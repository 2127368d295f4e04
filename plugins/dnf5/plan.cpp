#include "plan.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "installed.h"
#include "picture.h"
#include "rpm_version.h"
#include "steps.h"

namespace redflag::dnf5 {
namespace {

constexpr const char* kVersionGone = "dnf5.version_gone";
constexpr const char* kInstalledId = "@System";  // in place of a repository

std::string label(const Wanted& wanted) {
  return wanted.name + "." + wanted.arch + " " + wanted.version;
}

std::vector<std::string> nevrasOf(const std::vector<Wanted>& all) {
  std::vector<std::string> nevras;
  nevras.reserve(all.size());
  for (const auto& wanted : all)
    nevras.push_back(pinned(wanted.name, wanted.version, wanted.arch));
  return nevras;
}

// Of a kernel the older version stays beside the newer one: there is nothing to go back to by a downgrade.
Problem nothingToUndo(const Wanted& wanted, const std::string& newest) {
  auto text = label(wanted) + ": it is installed, and ";
  text += newest == wanted.version ? "nothing newer" : newest + " beside it, which stays";
  return {RF_PERMANENT, "dnf5.nothing_to_undo", text};
}

// What is not there yet.
Result<std::vector<Wanted>> missing(const InstalledPackages& installed, const Request& request) {
  std::vector<Wanted> all;
  for (const auto& wanted : request.updates) {
    // dnf5 takes a word with that ending for the name of a file.
    if (wanted.arch == "rpm")
      return fail(RF_INVALID, "dnf5.bad_request", label(wanted) + ": there is no such architecture");
    const auto newest = installed.newestOf(wanted.name);
    if (installed.find(wanted.name, wanted.arch, wanted.version) != nullptr) {
      if (request.rollback) return tl::unexpected<Problem>(nothingToUndo(wanted, newest));
      continue;
    }
    const bool newer = !newest.empty() && compareEvr(newest, wanted.version) > 0;
    if (newer && !request.rollback)
      return fail(RF_PERMANENT, "dnf5.newer_installed", label(wanted) + ": a newer version is installed");
    if (!newer && request.rollback)
      return fail(RF_PERMANENT, "dnf5.nothing_to_undo", label(wanted) + ": no newer version is installed");
    all.push_back(wanted);
  }
  return all;
}

Result<Offers> offersOf(const Client& client, const std::vector<std::string>& nevras, bool with_excluded) {
  std::vector<std::string> arguments;
  if (with_excluded) arguments.emplace_back(kWithoutExcludes);
  arguments.insert(arguments.end(), {"repoquery", "--available", "--queryformat", kOfferedFormat});
  arguments.insert(arguments.end(), nevras.begin(), nevras.end());
  const auto printed = client.text(arguments);
  if (!printed) return tl::unexpected<Problem>(printed.error());
  auto packages = parseOffered(*printed);
  if (!packages) return tl::unexpected<Problem>(packages.error());
  Offers offers;
  for (auto& package : *packages)
    offers.emplace(nevraOf(package.name, package.evr, package.arch), std::move(package));
  return offers;
}

// Every version that cannot be had is named.
Result<> lookForOffers(const Client& client, const std::vector<Wanted>& all) {
  const auto nevras = nevrasOf(all);
  const auto known = offersOf(client, nevras, true);
  if (!known) return tl::unexpected<Problem>(known.error());
  const auto offered = offersOf(client, nevras, false);
  if (!offered) return tl::unexpected<Problem>(offered.error());
  std::string gone;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!known->contains(nevraOf(all[i].name, all[i].version, all[i].arch)))
      gone += (gone.empty() ? "" : "; ") + label(all[i]) + ": no repository offers this version";
  if (!gone.empty()) return fail(RF_PERMANENT, kVersionGone, gone);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!offered->contains(nevraOf(all[i].name, all[i].version, all[i].arch)))
      return fail(RF_PERMANENT, "dnf5.excluded", label(all[i]) + ": an exclude on this machine keeps it out");
  return {};
}

// What dnf5 said when it found no way.
Problem whyNot(const Answer& answer) {
  auto said = answer.words.substr(0, answer.words.find("You can try to add to command line"));
  said.erase(said.find_last_not_of(" \n") + 1);
  const auto has = [&](const char* words) { return said.find(words) != std::string::npos; };
  if (has("excluded by versionlock")) return {RF_PERMANENT, "dnf5.held", said};
  if (has("available, but not installed")) return {RF_PERMANENT, "dnf5.not_installed", said};
  if (answer.exit_code == 0 || has("Failed to resolve")) return {RF_PERMANENT, "dnf5.unresolvable", said};
  return {RF_TRANSIENT, "dnf5.failed",
          "dnf5 ended with " + std::to_string(answer.exit_code) + ": " + answer.words};
}

Result<std::vector<Row>> solve(const Client& client, const std::vector<Wanted>& all, bool rollback) {
  // Of packages that are not installed, too: those that take the place of others.
  std::vector<std::string> arguments{"--assumeno", rollback ? "downgrade" : "upgrade"};
  const auto nevras = nevrasOf(all);
  arguments.insert(arguments.end(), nevras.begin(), nevras.end());
  const auto answer = client.solve(arguments);
  if (!answer) return tl::unexpected<Problem>(answer.error());
  auto rows = parseTable(answer->out);
  if (rows && rows->empty()) return tl::unexpected<Problem>(whyNot(*answer));
  return rows;
}

// Every wanted version is among the steps.
Result<> coversAll(const Plan& plan, const std::vector<Wanted>& all) {
  for (const auto& wanted : all)
    if (std::none_of(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
          return step.requested && step.name == wanted.name && step.arch == wanted.arch &&
                 step.to == wanted.version;
        }))
      return fail(RF_PERMANENT, "dnf5.unresolvable", label(wanted) + ": dnf5 would not install it");
  return {};
}

Result<Plan> planFor(const Client& client, const InstalledPackages& installed, const std::vector<Wanted>& all,
                     bool rollback) {
  const auto rows = solve(client, all, rollback);
  if (!rows) return tl::unexpected<Problem>(rows.error());
  std::vector<std::string> brought;
  for (const auto& row : *rows)
    if (row.change != Change::kRemove)
      brought.push_back(pinned(row.package.name, row.package.evr, row.package.arch));
  const auto offers = brought.empty() ? Result<Offers>(Offers()) : offersOf(client, brought, true);
  if (!offers) return tl::unexpected<Problem>(offers.error());
  const auto advisories = readAdvisories(client);
  if (!advisories) return tl::unexpected<Problem>(advisories.error());
  auto plan = planOf(*rows, {installed, *offers, *advisories}, all);
  if (!plan) return plan;
  if (auto all_there = coversAll(*plan, all); !all_there) return tl::unexpected<Problem>(all_there.error());
  return plan;
}

// The whole name of the version that a step takes away; "": it takes none.
std::string goneBy(const Step& step) {
  if (step.from.empty()) return {};
  // What comes may be of another architecture.
  const auto dot = step.replaced.rfind('.');
  return pinned(step.name, step.from, dot == std::string::npos ? step.arch : step.replaced.substr(dot + 1));
}

void nameRestarts(const Client& client, Plan& plan, const plugin::ServicesInUse& services) {
  std::vector<std::string> arguments{kWithoutExcludes, "repoquery", "--installed", "--queryformat",
                                     kFilesFormat};
  const auto without_names = arguments.size();
  for (const auto& step : plan.steps)
    if (auto nevra = goneBy(step); !nevra.empty()) arguments.push_back(std::move(nevra));
  // Of no name at all dnf5 would print the files of every package.
  if (arguments.size() == without_names) return;
  plan.restarts_incomplete = services.isCut();
  if (services.empty()) return;
  const auto printed = client.text(arguments);
  if (!printed) plan.restarts_incomplete = true;
  std::set<std::string> units;
  std::istringstream lines(printed ? *printed : "");
  for (std::string file; std::getline(lines, file);)
    services.addUsersOf(file, units);
  plan.restarts.assign(units.begin(), units.end());
}

}  // namespace

Result<Request> parseRequest(std::string_view text, bool with_plan) {
  return plugin::parseRequest(text, with_plan, "dnf5");
}

Result<Plan> makePlan(const Client& client, const Request& request, const plugin::ServicesInUse& services) {
  const auto installed = InstalledPackages::read(client);
  if (!installed) return tl::unexpected<Problem>(installed.error());
  const auto all = missing(*installed, request);
  if (!all) return tl::unexpected<Problem>(all.error());
  if (all->empty()) return Plan{};
  if (auto offered = lookForOffers(client, *all); !offered) return tl::unexpected<Problem>(offered.error());
  auto plan = planFor(client, *installed, *all, request.rollback);
  if (!plan) return plan;
  if (const auto more = notOrdered(*plan, '.'); request.rollback && !more.empty())
    return fail(RF_PERMANENT, "dnf5.rollback_needs_more", "going back would also: " + more);
  nameRestarts(client, *plan, services);
  return plan;
}

Json toReplay(const Plan& plan) {
  static const std::map<std::string, const char*> kActions{
      {"install", "Install"}, {"upgrade", "Upgrade"}, {"downgrade", "Downgrade"}, {"remove", "Remove"}};
  auto rpms = Json::array();
  for (const auto& step : plan.steps) {
    const bool goes = step.operation == "remove";
    if (!goes || step.replaced.empty())
      rpms.push_back({{"action", kActions.at(step.operation)},
                      {"nevra", nevraOf(step.name, goes ? step.from : step.to, step.arch)},
                      {"reason", step.reason},
                      {"repo_id", goes ? kInstalledId : step.repository}});
    if (!step.replaced.empty())
      rpms.push_back({{"action", "Replaced"},
                      {"nevra", step.replaced},
                      {"reason", step.reason},
                      {"repo_id", kInstalledId}});
  }
  return {{"version", "1.0"}, {"rpms", std::move(rpms)}};
}

std::string pinned(const std::string& name, const std::string& evr, const std::string& arch) {
  return nevraOf(name, (evr.find(':') == std::string::npos ? "0:" : "") + evr, arch);
}

}  // namespace redflag::dnf5
