#include "services/second_person.h"

#include <algorithm>
#include <array>
#include <set>

#include "http/message.h"
#include "protocol/limits.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::CommandEvent;

constexpr std::array kRisks = {"high", "destructive"};

bool asksForLess(std::int64_t machines, std::int64_t before) {
  return before > 0 && (machines == 0 || machines > before);
}

RuleInForce inForce(const std::string& risk, const store::SecondPersonRule& rule, std::int64_t now) {
  RuleInForce out{risk, rule.machines, rule.machines, 0, rule.changed_at, rule.changed_by};
  const std::int64_t counts_at = rule.changed_at + SecondPerson::kPatienceNs;
  if (asksForLess(rule.machines, rule.machines_before) && now < counts_at) {
    out.machines = rule.machines_before;
    out.set_counts_at = counts_at;
  }
  return out;
}

bool mustWait(const store::ReadTransaction& tx, const std::vector<PreparedOrder>& orders,
              const std::string& risk, const Actor& actor, std::int64_t now) {
  const auto rules = tx.people().secondPersonRules();
  const auto rule = rules.find(risk);
  if (rule == rules.end()) return false;
  const std::int64_t machines = inForce(risk, rule->second, now).machines;
  if (machines == 0) return false;
  auto agents = tx.commands().orderedAlone(actor.author_id, risk, now - SecondPerson::kCountedNs);
  for (const auto& order : orders) {
    if (order.refused.code.empty()) agents.insert(order.command.agent_id);
  }
  return static_cast<std::int64_t>(agents.size()) >= machines;
}

// The type of one that was taken away since asks for no more.
bool mayDecideAt(const std::optional<commands::CommandType>& type, const std::string& client_id,
                 const std::string& site_id, const Actor& actor) {
  const std::string role = actor.grants.roleOver(client_id, site_id);
  return http::atLeast(role, kDecidingRole) && (!type || http::atLeast(role, type->permission));
}

}  // namespace

void requireAnother(const std::string& author_id, const Actor& actor) {
  if (actor.id.empty() || author_id == actor.id)
    throw http::Problem{403, "order.own", "another person than the one who ordered it must decide"};
}

void requireIndependent(const store::ReadTransaction& tx, const std::string& author_id, const Actor& actor,
                        std::int64_t now) {
  const auto armed = [&](const std::string& one, const std::string& by) {
    const auto arming = tx.people().arming(one);
    return arming.by == by && now - arming.at < SecondPerson::kPatienceNs;
  };
  if (!armed(actor.id, author_id) && !armed(author_id, actor.id)) return;
  throw http::Problem{
      403, "order.not_independent",
      "one of you gave the other one a password within the last day: a third person must decide"};
}

void bindToAuthor(store::WriteTransaction& tx, std::vector<PreparedOrder>& orders,
                  const std::string& order_id, const std::string& risk, const Actor& actor,
                  std::int64_t now) {
  if (actor.author_id.empty()) return;
  const bool waits = actor.approved_by.empty() && mustWait(tx, orders, risk, actor, now);
  for (auto& order : orders) {
    order.command.order_id = order_id;
    order.command.risk = risk;
    order.command.author_id = actor.author_id;
    order.command.approved_by = actor.approved_by;
    if (!waits) continue;
    order.command.state = store::CommandState::kAwaitingApproval;
    order.command.expires_at = now + SecondPerson::kPatienceNs;
  }
}

std::vector<RuleInForce> SecondPerson::rules() const {
  const auto stored =
      context_.store.read([](const store::ReadTransaction& tx) { return tx.people().secondPersonRules(); });
  std::vector<RuleInForce> rules;
  for (const char* risk : kRisks) {
    const auto it = stored.find(risk);
    rules.push_back(
        inForce(risk, it == stored.end() ? store::SecondPersonRule{} : it->second, context_.now()));
  }
  return rules;
}

RuleInForce SecondPerson::setRule(const std::string& risk, std::int64_t machines, const Actor& actor) {
  if (std::find(kRisks.begin(), kRisks.end(), risk) == kRisks.end())
    throw http::Problem{404, "second_person.not_found", "there is no rule for this class of risk"};
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto before = tx.people().secondPersonRules()[risk];
    const store::SecondPersonRule rule{machines, inForce(risk, before, now).machines, now, actor.name};
    tx.people().setSecondPersonRule(risk, rule);
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = "security";
    entry.actor = actor.name;
    entry.kind = "security.second_person";
    const RuleInForce after = inForce(risk, rule, now);
    entry.severity = after.set_counts_at > 0 ? "warning" : "info";
    entry.text = "orders of risk " + risk +
                 (machines == 0 ? " need no second person"
                                : " need a second person from " + std::to_string(machines) + " machines on") +
                 (after.set_counts_at > 0 ? ", from tomorrow" : "");
    tx.events().record("", "", entry);
    return after;
  });
}

bool SecondPerson::mayDecide(const store::HeldOrder& order, const Actor& actor) const {
  const auto type = context_.types.find(order.type);
  return std::any_of(order.places.begin(), order.places.end(),
                     [&](const auto& place) { return mayDecideAt(type, place.first, place.second, actor); });
}

std::vector<store::Command> SecondPerson::decidable(const store::WriteTransaction& tx,
                                                    const std::string& order_id, const Actor& actor) const {
  auto commands = tx.commands().heldOf(order_id, actor.grants.visible());
  if (commands.empty()) throw http::Problem{404, "order.not_found", "there is no such order that waits"};
  requireAnother(commands.front().author_id, actor);
  const auto type = context_.types.find(commands.front().type);
  std::erase_if(commands, [&](const store::Command& command) {
    return !mayDecideAt(type, command.client_id, command.site_id, actor);
  });
  if (commands.empty())
    throw http::Problem{403, "role.insufficient", "deciding about this asks for the role approver there"};
  return commands;
}

void SecondPerson::record(store::WriteTransaction& tx, const store::Command& command, const Actor& actor,
                          const std::string& kind, const std::string& text) const {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "command";
  entry.actor = actor.name;
  entry.kind = kind;
  entry.text = text;
  entry.command_id = command.id;
  tx.events().record(command.client_id, command.agent_id, entry);
}

std::size_t SecondPerson::approve(const std::string& order_id, const std::string& reason,
                                  const Actor& actor) {
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto commands = decidable(tx, order_id, actor);
    requireIndependent(tx, commands.front().author_id, actor, now);  // declining is nobody's gain
    const auto type = context_.types.find(commands.front().type);
    if (!type)
      throw http::Problem{409, "command_type.not_found", "this command type is not installed any more"};
    if (commands.front().expires_at <= now)
      throw http::Problem{409, "order.too_late", "nobody approved it in time"};
    auto approved = commands;
    for (store::Command& command : approved) {
      command.not_before = std::max(command.not_before, now - protocol::kClockToleranceNs);
      command.expires_at = std::max(command.not_before, now) + type->valid_s * kSecondNs;
      if (!command.run_id.empty()) command.expires_at = std::min(command.expires_at, command.valid_until);
      command.valid_until = command.gives_up_at = command.expires_at;
    }
    tx.commands().setApproved(approved, actor.name);
    tx.commands().setTiming(approved);
    orders_.stepAll(tx, approved, CommandEvent::kApproved, actor.name,
                    {"command.approved", "approved by " + actor.name + ": " + reason});
    for (store::Command& command : approved) {
      command.state = store::CommandState::kScheduled;
      record(tx, command, actor, "command.approved",
             "approved what " + command.actor + " ordered: " + reason);
    }
    orders_.releaseAll(tx, approved, actor.name);
    return approved.size();
  });
}

std::size_t SecondPerson::decline(const std::string& order_id, const std::string& reason,
                                  const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto commands = decidable(tx, order_id, actor);
    orders_.stepAll(tx, commands, CommandEvent::kDeclined, actor.name,
                    {"command.declined", "declined by " + actor.name + ": " + reason});
    for (const auto& command : commands) {
      record(tx, command, actor, "command.declined",
             "declined what " + command.actor + " ordered: " + reason);
    }
    return commands.size();
  });
}

}  // namespace redflag::services
