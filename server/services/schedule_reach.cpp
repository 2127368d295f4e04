#include "services/schedule_reach.h"

#include <algorithm>

#include "http/message.h"
#include "services/place_windows.h"

namespace redflag::services {
namespace {

constexpr std::size_t kPage = 500;
constexpr const char* kUtc = "UTC";

bool isFor(const store::Schedule& schedule, const std::string& client_id, const std::string& site_id) {
  if (!schedule.client_id.empty() && schedule.client_id != client_id) return false;
  return schedule.site_id.empty() || schedule.site_id == site_id;
}

// The sites of machines that are named one by one; empty where none is.
std::set<std::string> sitesOfNamed(const store::ReadTransaction& tx, const store::Schedule& schedule) {
  std::set<std::string> sites;
  for (const auto& [id, agent] : tx.agents().keys({schedule.agent_ids.begin(), schedule.agent_ids.end()}))
    sites.insert(agent.site_id);
  return sites;
}

ZonedSites zonesAmong(const std::vector<store::Client>& clients, const store::ReadTransaction& tx,
                      const store::Schedule& schedule) {
  const auto named = sitesOfNamed(tx, schedule);
  ZonedSites zones;
  for (const auto& client : clients) {
    for (const auto& site : client.sites) {
      if (!isFor(schedule, client.id, site.id)) continue;
      if (!schedule.agent_ids.empty() && !named.contains(site.id)) continue;
      zones[schedule.time_zone.empty() ? site.time_zone : schedule.time_zone].insert(site.id);
    }
  }
  if (zones.empty()) zones[schedule.time_zone.empty() ? kUtc : schedule.time_zone] = {};
  return zones;
}

}  // namespace

ZonedSites zonesOf(const store::ReadTransaction& tx, const store::Schedule& schedule) {
  return zonesAmong(tx.agents().clients(http::Visible::everything()), tx, schedule);
}

bool zoneIsKnown(const std::string& zone) {
  return calendar::Zone::find(zone).has_value();
}

calendar::Zone zoneOrUtc(const std::string& name) {
  auto zone = calendar::Zone::find(name);
  if (!zone) zone = calendar::Zone::find(kUtc);
  if (!zone) throw http::Problem{500, "time_zone.unknown", "this server's system knows no time zones"};
  return std::move(*zone);
}

std::string whyUnknown(const store::ReadTransaction& tx, const store::Schedule& schedule,
                       const std::string& zone, const std::set<std::string>& sites) {
  if (!schedule.time_zone.empty()) return unknownZoneText(zone, "the schedule");
  std::vector<std::string> names;
  for (const auto& client : tx.agents().clients(http::Visible::everything()))
    for (const auto& site : client.sites)
      if (sites.contains(site.id)) names.push_back(site.name);
  return unknownZoneText(zone, sitesText(names));
}

void requireKnownZone(const store::ReadTransaction& tx, const store::Schedule& schedule) {
  const auto zones = zonesOf(tx, schedule);
  if (std::any_of(zones.begin(), zones.end(), [](const auto& zone) { return zoneIsKnown(zone.first); }))
    return;
  const auto& [zone, sites] = *zones.begin();
  throw http::Problem{409, "time_zone.unknown", whyUnknown(tx, schedule, zone, sites)};
}

calendar::Rule ruleOf(const store::Schedule& schedule) {
  const auto rule = storedRule(schedule.rule);
  if (!rule)
    throw http::Problem{409, "schedule.unreadable",
                        "this version cannot read the schedule's rule: change it, or remove it"};
  return *rule;
}

std::vector<store::Agent> agentsAt(const store::ReadTransaction& tx, const store::Schedule& schedule,
                                   const std::set<std::string>& sites, const http::Visible& visible,
                                   const store::Contact& contact) {
  std::vector<store::Agent> agents;
  const std::set<std::string> named(schedule.agent_ids.begin(), schedule.agent_ids.end());
  store::AgentFilter filter;
  filter.client_id = schedule.client_id;
  filter.site_id = schedule.site_id;
  store::PageRequest page{kPage, ""};
  do {
    auto part = tx.agents().list(filter, visible, contact, page);
    for (auto& agent : part.items) {
      if (!sites.contains(agent.site.id) || (!named.empty() && !named.contains(agent.id))) continue;
      agents.push_back(std::move(agent));
    }
    page.cursor = part.next_cursor;
  } while (!page.cursor.empty());
  return agents;
}

std::int64_t nextAfter(const calendar::Rule& rule, const ZonedSites& zones, std::int64_t after) {
  std::int64_t next = 0;
  for (const auto& [name, sites] : zones) {
    const auto coming = calendar::upcoming(rule, zoneOrUtc(name), after, 1);
    if (!coming.empty()) next = next == 0 ? coming.front().at : std::min(next, coming.front().at);
  }
  return next;
}

void lookAgain(store::WriteTransaction& tx) {
  const auto schedules = tx.schedules().active();
  // Where the system has lost its zones nothing comes, and that keeps nobody from moving a machine; nor does
  // a rule that cannot be read.
  if (schedules.empty() || !zoneIsKnown(kUtc)) return;
  const auto clients = tx.agents().clients(http::Visible::everything());
  for (const auto& schedule : schedules) {
    const auto rule = storedRule(schedule.rule);
    if (!rule) continue;
    const std::int64_t next = nextAfter(*rule, zonesAmong(clients, tx, schedule), schedule.checked_at);
    if (next != 0 && next != schedule.next_at) tx.schedules().setNext(schedule, next);
  }
}

}  // namespace redflag::services
