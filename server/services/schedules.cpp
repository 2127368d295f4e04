#include "services/schedules.h"

#include <algorithm>

#include "base/encoding.h"
#include "http/message.h"
#include "services/place_windows.h"
#include "store/events.h"
#include "store/people.h"

namespace redflag::services {
namespace {

using store::ReadTransaction;
using store::WriteTransaction;

constexpr std::int64_t kMostSchedules = 2'000;

const http::Problem kNoSchedule{404, "schedule.not_found", "there is no such schedule"};

// The wish's place: as it is stored, and what it must not be.
void place(const ReadTransaction& tx, store::Schedule& schedule, const ScheduleWish& wish,
           const Actor& actor) {
  schedule.client_id = wish.client_id;
  schedule.site_id = wish.site_id;
  schedule.agent_ids = wish.agent_ids;
  if (!wish.agent_ids.empty()) {
    std::set<std::string> sites;
    const auto agents = tx.agents().keys({wish.agent_ids.begin(), wish.agent_ids.end()});
    for (const auto& id : wish.agent_ids) {
      const auto agent = agents.find(id);
      if (agent == agents.end() ||
          !actor.grants.visible().includes(agent->second.client_id, agent->second.site_id))
        throw http::Problem{404, "agent.not_found", "there is no such agent", "/scope/agent_ids"};
      if (!schedule.client_id.empty() && schedule.client_id != agent->second.client_id)
        throw http::Problem{422, "schedule.several_clients", "expected machines of one client",
                            "/scope/agent_ids"};
      schedule.client_id = agent->second.client_id;
      sites.insert(agent->second.site_id);
    }
    schedule.site_id = sites.size() == 1 ? *sites.begin() : "";
    return;
  }
  if (wish.client_id.empty() && wish.site_id.empty()) return;
  for (const auto& client : tx.agents().clients(actor.grants.visible())) {
    if (wish.site_id.empty() && client.id == wish.client_id) return;
    for (const auto& site : client.sites) {
      if (site.id != wish.site_id || (!wish.client_id.empty() && wish.client_id != client.id)) continue;
      schedule.client_id = client.id;
      return;
    }
  }
  if (wish.site_id.empty())
    throw http::Problem{404, "client.not_found", "there is no such client", "/scope/client_id"};
  throw http::Problem{404, "site.not_found", "there is no such site", "/scope/site_id"};
}

void requireRole(const store::Schedule& schedule, const commands::CommandType& type, const Actor& actor) {
  const std::string role = actor.grants.roleOver(schedule.client_id, schedule.site_id);
  if (http::atLeast(role, type.permission)) return;
  throw http::Problem{403, "role.insufficient",
                      type.title + " asks for the role " + type.permission + " over all that it is for",
                      "/scope"};
}

void requireProof(const commands::CommandType& type, const Actor& actor) {
  if (type.risk == "destructive" && !actor.proven) throw http::stepUpRequired();
}

// Whether it comes at the same times to the same machines.
bool sameTimes(const store::Schedule& one, const store::Schedule& other) {
  return one.rule == other.rule && one.time_zone == other.time_zone && one.site_id == other.site_id &&
         one.agent_ids == other.agent_ids;
}

}  // namespace

commands::CommandType Schedules::typeOf(const std::string& id) const {
  auto type = context_.types.find(id);
  if (!type)
    throw http::Problem{404, "command_type.not_found", "there is no command type " + id.substr(0, 64),
                        "/type"};
  return std::move(*type);
}

// Of a type that is gone there is nothing to ask but the least.
std::string Schedules::permissionOf(const store::Schedule& schedule) const {
  const auto type = context_.types.find(schedule.type);
  return type ? type->permission : "technician";
}

store::Schedule Schedules::visible(const ReadTransaction& tx, const std::string& id,
                                   const Actor& actor) const {
  auto found = tx.schedules().find(id, actor.grants.visible());
  if (!found) throw kNoSchedule;
  return std::move(*found);
}

void Schedules::tellWhetherApproved(const ReadTransaction& tx, store::Schedule& schedule) const {
  schedule.second.counts = countsNow(tx, schedule.second, standingOrder(schedule, permissionOf(schedule)));
}

store::Page<store::Schedule> Schedules::list(const Actor& actor, const store::PageRequest& page) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    auto found = tx.schedules().list(actor.grants.visible(), page);
    for (auto& schedule : found.items)
      tellWhetherApproved(tx, schedule);
    return found;
  });
}

store::Schedule Schedules::find(const std::string& id, const Actor& actor) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    store::Schedule found = visible(tx, id, actor);
    tellWhetherApproved(tx, found);
    return found;
  });
}

store::Page<store::ScheduleRun> Schedules::runs(const std::string& id, const Actor& actor,
                                                const store::PageRequest& page) const {
  return context_.store.read(
      [&](const ReadTransaction& tx) { return tx.schedules().runs(visible(tx, id, actor), page); });
}

// The wish as it would be stored, without an id, if the actor may wish it.
store::Schedule Schedules::judged(const ScheduleWish& wish, const Actor& actor) const {
  const commands::CommandType type = typeOf(wish.type);
  if (type.needs_approval) {
    throw http::Problem{409, "command.needs_approval", type.title + " is ordered by approving updates",
                        "/type"};
  }
  if (!wish.time_zone.empty()) {
    if (const auto zone = calendar::Zone::find(wish.time_zone); !zone)
      throw http::Problem{422, "time_zone.unknown", zone.error().text, "/time_zone"};
  }
  store::Schedule schedule;
  schedule.name = wish.name;
  schedule.type = wish.type;
  schedule.parameters = dumpJson(wish.parameters);
  schedule.rule = dumpJson(calendar::toJson(wish.rule));
  schedule.time_zone = wish.time_zone;
  schedule.catch_up_s = wish.catch_up_s;
  schedule.author = actor.name;
  schedule.author_id = actor.id;
  schedule.answers_id = actor.author_id.empty() ? actor.id : actor.author_id;
  schedule.changed_at = schedule.created_at = schedule.checked_at = context_.now();
  context_.store.read([&](const ReadTransaction& tx) {
    place(tx, schedule, wish, actor);
    requireRole(schedule, type, actor);
    schedule.next_at = nextAfter(wish.rule, zonesOf(tx, schedule), schedule.checked_at);
  });
  if (const auto problem = context_.types.validate(type, wish.parameters))
    throw http::Problem{422, "command.bad_parameters", problem->text, "/parameters" + problem->field};
  if (schedule.next_at == 0)
    throw http::Problem{422, "schedule.never", "this is over already: it would never come", "/rule/date"};
  return schedule;
}

Forecast Schedules::preview(const ScheduleWish& wish, std::size_t occurrences, const Actor& actor) const {
  const store::Schedule schedule = judged(wish, actor);
  const commands::CommandType type = typeOf(wish.type);
  const bool held = heldToWindows(type);
  Forecast forecast;
  context_.store.read([&](const ReadTransaction& tx) {
    for (const auto& [name, sites] : zonesOf(tx, schedule)) {
      std::vector<MachinePlace> machines;
      auto& zone = forecast.zones.emplace_back(Forecast::InZone{name, sites.size(), {}, {}});
      const bool known = zoneIsKnown(name);
      if (known) {
        zone.next = calendar::upcoming(wish.rule, zoneOrUtc(name), schedule.checked_at, occurrences);
      } else {
        zone.problem = whyUnknown(tx, schedule, name, sites);
      }
      for (const auto& agent : agentsAt(tx, schedule, sites, actor.grants.visible(), context_.contact())) {
        const bool asked =
            known && agent.standing.state == "active" &&
            http::atLeast(actor.grants.roleOver(agent.client.id, agent.site.id), type.permission);
        ++(asked ? forecast.agents : forecast.left_out);
        if (asked) machines.push_back({agent.client.id, agent.site.id, agent.id});
      }
      if (!held || zone.next.empty()) continue;
      for (auto& hint : windowHints(tx, machines, zone.next.front().at))
        forecast.waits.push_back(std::move(hint));
    }
  });
  return forecast;
}

store::Schedule Schedules::add(const ScheduleWish& wish, const Actor& actor) {
  store::Schedule schedule = judged(wish, actor);
  requireProof(typeOf(wish.type), actor);
  schedule.id = newId();
  context_.store.write([&](WriteTransaction& tx) {
    if (tx.schedules().count() >= kMostSchedules)
      throw http::Problem{409, "schedule.too_many", "there are 2000 schedules already; remove some first"};
    requireKnownZone(tx, schedule);
    tx.schedules().add(schedule);
    tell(tx, schedule, actor, "added");
  });
  return schedule;
}

store::Schedule Schedules::findFor(const ReadTransaction& tx, const std::string& id,
                                   const Actor& actor) const {
  store::Schedule found = visible(tx, id, actor);
  tellWhetherApproved(tx, found);
  const std::string needed = permissionOf(found);
  if (!http::atLeast(actor.grants.roleOver(found.client_id, found.site_id), needed))
    throw http::Problem{403, "role.insufficient",
                        "this asks for the role " + needed + " over all that it is for"};
  return found;
}

store::Schedule Schedules::change(const std::string& id, const ScheduleWish& wish, const Actor& actor) {
  context_.store.read([&](const ReadTransaction& tx) { findFor(tx, id, actor); });
  const store::Schedule wished = judged(wish, actor);
  requireProof(typeOf(wish.type), actor);
  return context_.store.write([&](WriteTransaction& tx) {
    const store::Schedule before = findFor(tx, id, actor);
    if (before.client_id != wished.client_id) {
      throw http::Problem{409, "schedule.other_client", "a schedule stays with its client: make another one",
                          "/scope"};
    }
    store::Schedule after = wished;
    after.id = id;
    after.created_at = before.created_at;
    after.state = before.state == "paused" ? "paused" : "active";
    requireKnownZone(tx, after);
    // What is due this very moment is still to be carried out, unless it is no longer what was meant.
    if (before.state == "active" && sameTimes(before, after)) {
      after.checked_at = before.checked_at;
      after.next_at = before.next_at;
    }
    tx.schedules().change(after);
    tell(tx, after, actor, "changed");
    return after;
  });
}

void Schedules::remove(const std::string& id, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const store::Schedule schedule = findFor(tx, id, actor);
    tx.schedules().remove(schedule);
    tell(tx, schedule, actor, "removed");
  });
}

store::Schedule Schedules::setState(const std::string& id, const std::string& state, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    store::Schedule schedule = findFor(tx, id, actor);
    if (schedule.state == "done")
      throw http::Problem{409, "schedule.done", "it was for once, and that is over: give it another date"};
    if (schedule.state == state) return schedule;
    schedule.state = state;
    schedule.changed_at = schedule.checked_at = context_.now();
    // What is paused comes never, so that one can be paused whose rule cannot be read.
    if (state == "active") {
      requireKnownZone(tx, schedule);
      schedule.next_at = nextAfter(ruleOf(schedule), zonesOf(tx, schedule), schedule.checked_at);
      if (schedule.next_at == 0)
        throw http::Problem{409, "schedule.done", "what it was for is over: give it another date"};
    }
    tx.schedules().change(schedule);
    tell(tx, schedule, actor, state == "paused" ? "paused" : "resumed");
    return schedule;
  });
}

store::Schedule Schedules::pause(const std::string& id, const Actor& actor) {
  return setState(id, "paused", actor);
}

store::Schedule Schedules::resume(const std::string& id, const Actor& actor) {
  if (const auto type = context_.types.find(find(id, actor).type)) requireProof(*type, actor);
  return setState(id, "active", actor);
}

store::Schedule Schedules::approve(const Beforehand& wish, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    store::Schedule schedule = visible(tx, wish.id, actor);
    const auto order = standingOrder(schedule, typeOf(schedule.type).permission);
    schedule.second = approvedBeforehand(tx, wish, order, actor, context_.now());
    tx.schedules().setSecondOpinion(schedule);
    tell(tx, schedule, actor, "approved", wish.reason);
    return schedule;
  });
}

store::Schedule Schedules::withdrawApproval(const std::string& id, const Actor& actor) {
  return context_.store.write([&](WriteTransaction& tx) {
    store::Schedule schedule = visible(tx, id, actor);
    requireWithdrawable(schedule.second, standingOrder(schedule, permissionOf(schedule)), actor);
    schedule.second = {};
    tx.schedules().setSecondOpinion(schedule);
    tell(tx, schedule, actor, "approval_withdrawn");
    return schedule;
  });
}

void Schedules::tell(WriteTransaction& tx, const store::Schedule& schedule, const Actor& actor,
                     const std::string& what, const std::string& why) const {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "command";
  entry.actor = actor.name;
  entry.kind = "schedule." + what;
  const std::string did = what == "approval_withdrawn" ? "withdrew the approval of" : what;
  entry.text = did + " the schedule " + schedule.name + " (" + schedule.type +
               "): " + spokenRule(schedule.rule) + (why.empty() ? "" : ": " + why);
  tx.events().record(schedule.client_id, "", entry);
  tx.events().publish(schedule.client_id, "schedule", Json::object(), entry.at);
}

}  // namespace redflag::services
