#include "services/schedule_runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "services/beforehand.h"
#include "services/second_person.h"
#include "store/events.h"
#include "store/people.h"

namespace redflag::services {
namespace {

constexpr std::size_t kSchedulesAPage = 200;
constexpr std::size_t kShownLeftOut = 500;
// What a server that was off longer than anything may be caught up still tells as missed.
constexpr std::int64_t kLookBackNs = 8 * std::int64_t{86'400} * kSecondNs;
constexpr std::size_t kMostDue = 16;  // there is one a day

std::int64_t latenessNs(const store::Schedule& schedule) {
  return std::max(schedule.catch_up_s, kLeastLatenessS) * kSecondNs;
}

// Who was not asked, and why.
class LeftOut {
 public:
  void add(const std::string& hostname, const store::Reason& reason) {
    if (list_.size() < kShownLeftOut) {
      list_.push_back({{"hostname", hostname}, {"code", reason.code}, {"text", reason.text}});
    } else {
      ++more_;
    }
  }
  std::string json() const {
    Json all = list_;
    if (more_ > 0) {
      all.push_back(
          {{"hostname", ""}, {"code", "schedule.more"}, {"text", "and " + std::to_string(more_) + " more"}});
    }
    return dumpJson(all);
  }

 private:
  Json list_ = Json::array();
  std::size_t more_ = 0;
};

Actor asApproved(const store::ReadTransaction& tx, const store::Schedule& schedule,
                 const commands::CommandType& type, Actor actor) {
  const auto current = tx.schedules().find(schedule.id, http::Visible::everything());
  if (current && countsNow(tx, current->second, standingOrder(*current, type.permission)))
    actor.approved_by = current->second.by;
  return actor;
}

std::optional<store::Reason> notAsked(const store::Agent& agent, const http::Grants& grants,
                                      const commands::CommandType& type) {
  if (!http::atLeast(grants.roleOver(agent.client.id, agent.site.id), type.permission)) {
    return store::Reason{"role.insufficient",
                         "the author has no longer the role " + type.permission + " over it"};
  }
  if (agent.standing.state != "active")
    return store::Reason{"agent.not_active", "it gets no orders: it is " + agent.standing.state};
  return std::nullopt;
}

std::vector<Order> ordersFor(const std::vector<store::Agent>& agents, const store::Schedule& schedule,
                             const Json& parameters, const std::string& run_id, std::int64_t expires_at) {
  std::vector<Order> orders;
  for (const auto& agent : agents) {
    Order order{schedule.type, parameters, agent.id, schedule.author};
    order.run_id = run_id;
    order.schedule = schedule.name;
    order.expires_at = expires_at;
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace

void ScheduleRunner::run() {
  const std::int64_t now = context_.now();
  if (now < looked_at_) followBack(now);
  looked_at_ = now;
  std::set<std::string> failed;
  std::vector<store::Schedule> due;
  do {
    // What fails stays due, before all that comes later.
    const store::Schedule last = due.empty() ? store::Schedule{} : due.back();
    due = context_.store.read(
        [&](const store::ReadTransaction& tx) { return tx.schedules().due(now, last, kSchedulesAPage); });
    for (const auto& schedule : due)
      tryOne(schedule, failed);
  } while (due.size() == kSchedulesAPage);
  failing_ = std::move(failed);
}

void ScheduleRunner::tryOne(const store::Schedule& schedule, std::set<std::string>& failed) {
  try {
    runOne(schedule);
  } catch (const http::Problem& problem) {
    // One that cannot be carried out holds up no other.
    std::string text = fmt::format("schedule {}, as changed at {}: {}: {}", schedule.id,
                                   toRfc3339(schedule.changed_at), problem.code, problem.detail);
    if (!failing_.contains(text)) spdlog::warn("{}", text);
    failed.insert(std::move(text));
  }
}

// What a clock that was ahead has looked at would not come again until that time is there.
void ScheduleRunner::followBack(std::int64_t now) {
  const auto ahead = context_.store.read([&](const store::ReadTransaction& tx) {
    return tx.schedules().checkedAfter(now + protocol::kClockToleranceNs);
  });
  for (const auto& schedule : ahead) {
    try {
      goOnFrom(now, schedule);
    } catch (const http::Problem& problem) {
      if (problem.status == 503) throw;  // the store takes nothing: all of it is tried again
      spdlog::warn("schedule {}: {}: {}", schedule.id, problem.code, problem.detail);
    }
  }
}

// What was ordered has a run, and is not ordered again when its time comes. What was for once is done only
// if its time is over by this clock as well.
void ScheduleRunner::goOnFrom(std::int64_t now, const store::Schedule& schedule) {
  const std::int64_t next = context_.store.read([&](const store::ReadTransaction& tx) {
    return nextAfter(ruleOf(schedule), zonesOf(tx, schedule), now);
  });
  context_.store.write([&](store::WriteTransaction& tx) {
    tx.schedules().forgetMissed(schedule, now);
    const std::string state = next == 0 ? "done" : "active";
    tx.schedules().setChecked(schedule, now, next, schedule.state == "paused" ? "paused" : state);
    tx.events().publish(schedule.client_id, "schedule", Json::object(), now);
  });
  spdlog::warn("schedule {}: looked at until {} by a clock that was ahead; it goes on from now", schedule.id,
               toRfc3339(schedule.checked_at));
}

void ScheduleRunner::runOne(const store::Schedule& schedule) {
  const std::int64_t now = context_.now();
  const calendar::Rule rule = ruleOf(schedule);
  const ZonedSites zones =
      context_.store.read([&](const store::ReadTransaction& tx) { return zonesOf(tx, schedule); });
  for (const auto& [zone, sites] : zones)
    runZone(schedule, rule, zone, sites, now);
  // A clock that was put back must not bring back what has been.
  const std::int64_t checked = std::max(now, schedule.checked_at);
  const std::int64_t next = nextAfter(rule, zones, checked);
  context_.store.write([&](store::WriteTransaction& tx) {
    tx.schedules().setChecked(schedule, checked, next, next == 0 ? "done" : "active");
    tx.events().publish(schedule.client_id, "schedule", Json::object(), now);
  });
}

void ScheduleRunner::runZone(const store::Schedule& schedule, const calendar::Rule& rule,
                             const std::string& zone, const std::set<std::string>& sites, std::int64_t now) {
  const std::int64_t after = std::max(schedule.checked_at, now - kLookBackNs);
  const auto due = calendar::occurrences(rule, zoneOrUtc(zone), after, now, kMostDue);
  for (std::size_t i = 0; i < due.size(); ++i) {
    const Due one{schedule, due[i], zone, sites};
    if (i + 1 < due.size()) {
      recordOnly(one, "missed", {"schedule.overtaken", "a later one was due as well when a server looked"});
    } else if (now - due[i].at > latenessNs(schedule)) {
      recordOnly(
          one, "missed",
          {"schedule.too_late", "no server could carry it out within " +
                                    std::to_string(latenessNs(schedule) / kSecondNs / 60) + " minutes"});
    } else {
      carryOut(one);
    }
  }
}

store::ScheduleRun ScheduleRunner::runOf(const Due& due) const {
  store::ScheduleRun run;
  run.id = newId();
  run.client_id = due.schedule.client_id;
  run.schedule_id = due.schedule.id;
  run.time_zone = due.zone;
  run.local_minute = due.occurrence.local.minutes;
  run.due_at = due.occurrence.at;
  run.at = context_.now();
  return run;
}

// False: the schedule is not what it was any more, or this occurrence has been taken.
bool ScheduleRunner::begin(store::WriteTransaction& tx, const Due& due, const store::ScheduleRun& run) const {
  const auto current = tx.schedules().find(due.schedule.id, http::Visible::everything());
  if (!current || current->state != "active" || current->changed_at != due.schedule.changed_at) return false;
  return tx.schedules().addRun(run);
}

void ScheduleRunner::recordOnly(const Due& due, const std::string& outcome, const store::Reason& reason) {
  store::ScheduleRun run = runOf(due);
  run.outcome = outcome;
  run.reason = reason;
  context_.store.write([&](store::WriteTransaction& tx) {
    if (!begin(tx, due, run)) return;
    store::HistoryEntry entry;
    entry.at = run.at;
    entry.subsystem = "command";
    entry.actor = "server";
    entry.kind = "schedule." + outcome;
    entry.text = "the schedule " + due.schedule.name + " for " + toText(due.occurrence.local) + " " +
                 due.zone + ": " + reason.text;
    entry.code = reason.code;
    entry.severity = "warning";
    tx.events().record(due.schedule.client_id, "", entry);
  });
}

void ScheduleRunner::carryOut(const Due& due) {
  const store::Schedule& schedule = due.schedule;
  const auto refuse = [&](const store::Reason& reason) { recordOnly(due, "refused", reason); };
  if (!zoneIsKnown(due.zone)) {
    return refuse({"time_zone.unknown", context_.store.read([&](const store::ReadTransaction& tx) {
                     return whyUnknown(tx, schedule, due.zone, due.sites);
                   })});
  }
  const auto type = context_.types.find(schedule.type);
  if (!type)
    return refuse({"command_type.not_found", "the command type " + schedule.type + " is not installed"});
  const auto parameters = parseJson(schedule.parameters, {1U << 20, 32, 50'000});
  if (!parameters)
    return refuse({"schedule.unreadable", "its parameters cannot be read: change it, or remove it"});
  std::optional<store::Account> author;
  std::vector<store::Agent> agents;
  context_.store.read([&](const store::ReadTransaction& tx) {
    author = tx.people().account(schedule.author_id);
    if (author) agents = agentsAt(tx, schedule, due.sites, author->grants.visible(), context_.contact());
  });
  if (!author || author->disabled)
    return refuse({"schedule.author_gone", schedule.author + ", who saved it last, may do nothing any more"});
  LeftOut left_out;
  std::erase_if(agents, [&](const store::Agent& agent) {
    const auto reason = notAsked(agent, author->grants, *type);
    if (reason) left_out.add(agent.hostname, *reason);
    return reason.has_value();
  });
  store::ScheduleRun run = runOf(due);
  run.outcome = "ordered";
  const std::int64_t expires_at =
      std::max(due.occurrence.at + latenessNs(schedule), run.at + kLeastLatenessS * kSecondNs);
  const Actor actor{author->name, author->grants, true, author->id, schedule.answers_id};
  const auto prepared = orders_.prepare(ordersFor(agents, schedule, *parameters, run.id, expires_at), actor);
  context_.store.write([&](store::WriteTransaction& tx) {
    if (!begin(tx, due, run)) return;
    store::ScheduleRun complete = run;
    LeftOut not_asked = left_out;
    // What one person may not order alone, no schedule of theirs does, unless another one has approved that.
    auto bound = prepared;
    bindToAuthor(tx, bound, newId(), type->risk, asApproved(tx, schedule, *type, actor), run.at);
    std::vector<PreparedOrder> placeable;
    for (const auto& one : bound)
      if (one.refused.code.empty()) placeable.push_back(one);
    const auto ids = orders_.placeAll(tx, placeable);
    auto id = ids.begin();
    for (const auto& one : bound) {
      store::Reason reason = one.refused;
      if (reason.code.empty() && *id++ != one.command.id)
        reason = {"command.under_way", "the same was ordered already and is under way"};
      if (reason.code.empty()) {
        ++complete.ordered;
      } else {
        not_asked.add(one.command.hostname, reason);
      }
    }
    complete.left_out = not_asked.json();
    tx.schedules().completeRun(complete);
  });
}

}  // namespace redflag::services
