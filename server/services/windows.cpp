#include "services/windows.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/encoding.h"
#include "http/message.h"
#include "services/decision_scope.h"
#include "store/events.h"
#include "store/groups.h"

namespace redflag::services {
namespace {

constexpr const char* kWindowRole = "approver";
constexpr std::int64_t kAnnounceEveryNs = 20 * kSecondNs;

store::MaintenanceWindow asStored(const WindowWish& wish) {
  store::MaintenanceWindow window;
  window.scope = wish.scope;
  window.name = wish.name;
  window.rule = dumpJson(calendar::toJson(wish.rule));
  window.length_s = wish.length_s;
  window.notice_s = wish.notice_s;
  return window;
}

// How many machines at which sites a group's window is for.
std::map<std::string, std::int64_t> membersBySite(const store::ReadTransaction& tx,
                                                  const store::DecisionScope& scope) {
  std::map<std::string, std::int64_t> agents;
  store::AgentGroup group;
  group.id = scope.group_id;
  group.client_id = scope.client_id;
  for (const auto& member : tx.groups().members(group, http::Visible::everything()))
    ++agents[member.site_id];
  return agents;
}

// The sites that a window is for, by their zones, with how many machines there it is for.
std::map<std::string, std::vector<store::Place>> sitesByZone(const store::ReadTransaction& tx,
                                                             const store::DecisionScope& scope) {
  std::map<std::string, std::int64_t> few;
  if (!scope.group_id.empty()) few = membersBySite(tx, scope);
  if (!scope.agent_id.empty()) few[tx.agents().key(scope.agent_id).value().site_id] = 1;
  const bool some = !scope.group_id.empty() || !scope.agent_id.empty();
  std::map<std::string, std::vector<store::Place>> zones;
  for (auto& client : tx.agents().clients(http::Visible::everything())) {
    if (client.id != scope.client_id) continue;
    for (auto& site : client.sites) {
      if (!scope.site_id.empty() && site.id != scope.site_id) continue;
      if (some && !few.contains(site.id)) continue;
      if (some) site.agents = few[site.id];
      zones[site.time_zone].push_back(std::move(site));
    }
  }
  return zones;
}

std::vector<store::MaintenanceWindow> narrowerAt(const store::ReadTransaction& tx, const MachinePlace& site,
                                                 const http::Visible& visible) {
  auto windows = tx.windows().list(visible);
  std::erase_if(windows, [&](const store::MaintenanceWindow& window) {
    const store::DecisionScope& scope = window.scope;
    return scope.client_id != site.client_id || (scope.agent_id.empty() && scope.group_id.empty());
  });
  if (windows.empty()) return windows;
  std::set<std::string> machines;
  for (const auto& window : windows)
    if (!window.scope.agent_id.empty()) machines.insert(window.scope.agent_id);
  const auto here = http::Visible::of({{"viewer", site.client_id, site.site_id}});
  std::set<std::string> groups;
  for (const auto& group : tx.groups().list(here))
    groups.insert(group.id);
  const auto agents = tx.agents().recipients(machines, here);
  std::erase_if(windows, [&](const store::MaintenanceWindow& window) {
    const store::DecisionScope& scope = window.scope;
    return scope.agent_id.empty() ? !groups.contains(scope.group_id) : !agents.contains(scope.agent_id);
  });
  return windows;
}

bool samePlace(const store::DecisionScope& one, const store::DecisionScope& other) {
  return one.client_id == other.client_id && one.site_id == other.site_id && one.group_id == other.group_id &&
         one.agent_id == other.agent_id;
}

std::string lengthText(std::int64_t length_s) {
  const std::int64_t minutes = length_s / 60;
  if (minutes % 60 == 0) return std::to_string(minutes / 60) + " h";
  return std::to_string(minutes) + " min";
}

}  // namespace

std::vector<WindowHint> windowHints(const store::ReadTransaction& tx,
                                    const std::vector<MachinePlace>& machines, std::int64_t at) {
  MachineWindows windows(tx);
  windows.load(machines);
  std::map<const PlaceWindows*, std::int64_t> agents;  // those of many machines are the same ones
  for (const auto& machine : machines)
    ++agents[&windows.of(machine)];
  std::map<std::tuple<std::int64_t, std::string>, WindowHint> hints;
  for (const auto& [place, count] : agents) {
    if (place->empty()) continue;
    const auto spans = place->spansFrom(at, 1);
    WindowHint hint;
    if (!spans.empty()) {
      if (spans.front().opens_at <= at) continue;
      hint = {place->text(spans.front()), spans.front().opens_at, spans.front().closes_at, 0};
    }
    auto& known = hints.try_emplace({hint.opens_at, hint.window}, hint).first->second;
    known.agents += count;
  }
  std::vector<WindowHint> out;
  for (auto& [key, hint] : hints)
    out.push_back(std::move(hint));
  return out;
}

std::vector<store::MaintenanceWindow> Windows::list(const Actor& actor) const {
  return context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.windows().list(actor.grants.visible()); });
}

WindowsInForce Windows::inForce(const std::string& site_id, std::size_t openings, const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    for (const auto& client : tx.agents().clients(actor.grants.visible())) {
      for (const auto& site : client.sites) {
        if (site.id != site_id) continue;
        WindowsInForce in{PlaceWindows::of(tx, {client.id, site_id, ""}), {}, {}};
        in.narrower = narrowerAt(tx, {client.id, site_id, ""}, actor.grants.visible());
        in.next = in.place.spansFrom(context_.now(), openings);
        return in;
      }
    }
    throw http::Problem{404, "site.not_found", "there is no such site"};
  });
}

WindowsInForce Windows::inForceFor(const std::string& agent_id, std::size_t openings,
                                   const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    const auto agent = tx.agents().key(agent_id);
    if (!agent || !actor.grants.visible().includes(agent->client_id, agent->site_id))
      throw http::Problem{404, "agent.not_found", "there is no such agent"};
    WindowsInForce in{PlaceWindows::of(tx, {agent->client_id, agent->site_id, agent_id}), {}, {}};
    in.next = in.place.spansFrom(context_.now(), openings);
    return in;
  });
}

std::vector<WindowForecast> Windows::preview(const WindowWish& wish, std::size_t openings,
                                             const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    store::MaintenanceWindow window = asStored(wish);
    window.scope = requireScope(tx, window.scope, actor, kWindowRole);
    requireSense(tx, window, wish.rule);
    std::vector<WindowForecast> forecasts;
    for (const auto& [name, sites] : sitesByZone(tx, window.scope)) {
      WindowForecast& forecast = forecasts.emplace_back();
      forecast.time_zone = name;
      forecast.sites = static_cast<std::int64_t>(sites.size());
      std::vector<std::string> names;
      for (const auto& site : sites) {
        forecast.agents += site.agents;
        names.push_back(site.name);
      }
      if (const auto zone = calendar::Zone::find(name)) {
        forecast.next = calendar::spansFrom({{wish.rule, wish.length_s}}, *zone, context_.now(), openings);
      } else {
        forecast.problem = unknownZoneText(name, sitesText(names));
      }
    }
    return forecasts;
  });
}

void Windows::requireSense(const store::ReadTransaction& tx, const store::MaintenanceWindow& window,
                           const calendar::Rule& rule) const {
  bool comes = false;
  const auto zones = sitesByZone(tx, window.scope);
  for (const auto& [name, sites] : zones) {
    const auto zone = calendar::Zone::find(name);
    comes =
        comes || !zone || !calendar::spansFrom({{rule, window.length_s}}, *zone, context_.now(), 1).empty();
  }
  if (!comes && !zones.empty())
    throw http::Problem{422, "window.never", "this is over already: it would never open", "/rule/date"};
  for (const auto& other : tx.windows().list(http::Visible::everything())) {
    if (samePlace(other.scope, window.scope) && other.name == window.name && other.id != window.id)
      throw http::Problem{409, "window.name_taken", "there is one of this name already", "/name"};
  }
}

store::MaintenanceWindow Windows::findFor(const store::ReadTransaction& tx, const std::string& id,
                                          const Actor& actor) const {
  for (auto& window : tx.windows().list(actor.grants.visible())) {
    if (window.id != id) continue;
    requireScope(tx, window.scope, actor, kWindowRole);
    return std::move(window);
  }
  throw http::Problem{404, "window.not_found", "there is no such maintenance window"};
}

store::MaintenanceWindow Windows::add(const WindowWish& wish, const Actor& actor) {
  store::MaintenanceWindow window = asStored(wish);
  window.id = newId();
  window.created_at = window.changed_at = context_.now();
  window.created_by = window.changed_by = actor.name;
  return context_.store.write([&](store::WriteTransaction& tx) {
    store::MaintenanceWindow added = window;
    added.scope = requireScope(tx, window.scope, actor, kWindowRole);
    requireSense(tx, added, wish.rule);
    if (tx.windows().count(added.scope.client_id) >= kMostOfClient)
      throw http::Problem{409, "window.too_many", "this client has 500 maintenance windows already"};
    tx.windows().add(added);
    added = findFor(tx, added.id, actor);
    changed(tx, added, actor, "added");
    return added;
  });
}

store::MaintenanceWindow Windows::change(const std::string& id, const WindowWish& wish, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    const store::MaintenanceWindow before = findFor(tx, id, actor);
    store::MaintenanceWindow after = asStored(wish);
    after.id = id;
    after.scope = before.scope;
    after.created_at = before.created_at;
    after.created_by = before.created_by;
    after.changed_at = context_.now();
    after.changed_by = actor.name;
    requireSense(tx, after, wish.rule);
    tx.windows().change(after);
    changed(tx, after, actor, "changed");
    return after;
  });
}

void Windows::remove(const std::string& id, const Actor& actor) {
  context_.store.write([&](store::WriteTransaction& tx) {
    const store::MaintenanceWindow window = findFor(tx, id, actor);
    tx.windows().remove(window);
    changed(tx, window, actor, "removed");
  });
}

void Windows::changed(store::WriteTransaction& tx, const store::MaintenanceWindow& window, const Actor& actor,
                      const std::string& did) const {
  orders_.lookAtWindowsAgain(tx, window.scope.client_id);
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "command";
  entry.actor = actor.name;
  entry.kind = "window." + did;
  const auto rule = storedRule(window.rule);
  entry.text = did + " the maintenance window " + window.name + ", " + whereText(window.scope) + ": " +
               (rule ? calendar::sentence(*rule) : window.rule) + ", for " + lengthText(window.length_s);
  tx.events().record(window.scope.client_id, window.scope.agent_id, entry);
  tx.events().publish(window.scope.client_id, "window", Json::object(), entry.at);
}

void Windows::announce() {
  if (context_.clock.monotonicNs() < announce_ns_) return;
  announce_ns_ = context_.clock.monotonicNs() + kAnnounceEveryNs;
  const std::int64_t now = context_.now();
  struct Soon {
    store::WindowNotice notice;
    store::WindowWait wait;
    std::string text;
  };
  std::vector<Soon> soon;
  context_.store.read([&](const store::ReadTransaction& tx) {
    const auto waits = tx.commands().windowWaits(now + kMostNoticeS * kSecondNs, http::Visible::everything());
    MachineWindows windows(tx);
    std::vector<MachinePlace> machines;
    for (const auto& wait : waits)
      machines.push_back({wait.client_id, wait.site_id, wait.agent_id});
    windows.load(machines);
    for (const auto& wait : waits) {
      const auto& place = windows.of({wait.client_id, wait.site_id, wait.agent_id});
      const auto spans = place.spansFrom(now, 1);
      if (spans.empty() || spans.front().opens_at != wait.opens_at || wait.opens_at <= now) continue;
      const store::MaintenanceWindow& window = place.windowOf(spans.front());
      const std::int64_t notice = window.notice_s * kSecondNs;
      if (wait.opens_at - notice > now) continue;
      const store::DecisionScope& of = window.scope;
      const std::string& holder = of.agent_id.empty() ? of.group_id : of.agent_id;
      soon.push_back({{wait.client_id, wait.site_id, holder, wait.opens_at, now},
                      wait,
                      std::to_string(wait.agents) + (wait.agents == 1 ? " machine" : " machines") + " of " +
                          wait.site_name + " begin what was ordered when " + wait.window + " opens, at " +
                          toRfc3339(wait.opens_at)});
    }
  });
  if (soon.empty()) return;
  context_.store.write([&](store::WriteTransaction& tx) {
    for (const auto& one : soon) {
      if (!tx.windows().addNotice(one.notice)) continue;
      store::HistoryEntry entry;
      entry.at = now;
      entry.subsystem = "command";
      entry.actor = "server";
      entry.kind = "window.opens_soon";
      entry.text = one.text;
      tx.events().record(one.wait.client_id, "", entry);
      tx.events().publish(one.wait.client_id, "window",
                          {{"site_id", one.wait.site_id},
                           {"window", one.wait.window},
                           {"opens_at", toRfc3339(one.wait.opens_at)},
                           {"agents", one.wait.agents}},
                          now);
    }
  });
}

}  // namespace redflag::services
