#include "services/orders.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "services/ignores.h"
#include "services/second_person.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr const char* kCancel = "cancel";

using store::CommandEvent;
using store::CommandState;

void requireRole(const Actor& actor, const std::string& client_id, const std::string& site_id,
                 const std::string& needed) {
  if (http::atLeast(actor.grants.roleOver(client_id, site_id), needed)) return;
  throw http::Problem{403, "command.forbidden", "this asks for the role " + needed + " there"};
}

// What makes two orders the same: the type's chosen parameters, in one text.
std::string dedupKey(const commands::CommandType& type, const Order& order, const std::string& command_id) {
  if (type.idempotency_fields.empty()) return command_id;
  Json chosen = Json::array({type.id});
  for (const auto& field : type.idempotency_fields) {
    const auto it = order.parameters.find(field);
    chosen.push_back(it == order.parameters.end() ? Json() : *it);
  }
  return toHex(sha256(dumpJson(chosen)));
}

store::Command commandOf(const commands::CommandType& type, const Order& order, const store::Recipient& agent,
                         std::int64_t now) {
  store::Command command;
  command.id = newId();
  command.client_id = agent.client_id;
  command.site_id = agent.site_id;
  command.agent_id = order.agent_id;
  command.hostname = agent.hostname;
  command.type = type.id;
  command.title = type.title;
  command.state = order.not_before > now ? CommandState::kScheduled : CommandState::kQueued;
  command.created_at = command.state_since = now;
  command.actor = order.actor;
  // An agent's clock may be behind by as much as it tolerates: an order for now must not be one for later
  // there. One for later is not for earlier.
  command.not_before = order.not_before > now ? order.not_before : now - protocol::kClockToleranceNs;
  command.expires_at = std::max(order.not_before, now) + type.valid_s * kSecondNs;
  if (order.expires_at != 0) command.expires_at = std::min(command.expires_at, order.expires_at);
  command.timeout_ns = type.timeout_s * kSecondNs;
  command.parameters = dumpJson(order.parameters);
  command.plan_hash = order.plan_hash;
  command.dedup_key = dedupKey(type, order, command.id);
  command.approval_id = order.approval_id;
  command.parent_id = order.parent_id;
  command.retry_of = order.retry_of;
  command.attempt = order.attempt;
  command.run_id = order.run_id;
  command.outside_reason = order.outside_reason;
  return command;
}

void requireProof(const commands::CommandType& type, const Actor& actor) {
  if (type.risk == "destructive" && !actor.proven) throw http::stepUpRequired();
}

void requireUnfinished(const store::Command& command) {
  if (!store::finished(command.state)) return;
  throw http::Problem{409, "command.finished",
                      std::string("this command is already ") + store::name(command.state)};
}

void tellOrdered(store::WriteTransaction& tx, const store::Command& command, const std::string& schedule) {
  publishState(tx, command, command.state, command.created_at);
  store::HistoryEntry entry;
  entry.at = command.created_at;
  entry.subsystem = "command";
  entry.actor = command.actor;
  entry.kind = "command.ordered";
  entry.text = "ordered: " + command.title;
  if (command.state == CommandState::kAwaitingApproval) entry.text += ", which waits for a second person";
  if (!schedule.empty()) entry.text += ", by the schedule " + schedule;
  if (!command.window.empty() && command.state == CommandState::kScheduled)
    entry.text += ", which waits for " + command.window;
  if (!command.outside_reason.empty()) {
    entry.text += ", now and outside of any window: " + command.outside_reason;
    entry.severity = "warning";
  }
  entry.command_id = command.id;
  tx.events().record(command.client_id, command.agent_id, entry);
}

// A second person has no longer than the machine had if nobody had to be asked: until its window is over,
// where it has to wait for one.
void limitWaiting(WindowGate& gate, store::Command& command, std::int64_t latest) {
  store::Command unasked = command;
  unasked.valid_until = unasked.expires_at = unasked.gives_up_at = latest;
  if (gate.holds(unasked)) gate.time(unasked, false);
  command.valid_until = command.gives_up_at = unasked.gives_up_at;
  command.expires_at = std::min(command.expires_at, command.valid_until);
}

}  // namespace

void publishState(store::WriteTransaction& tx, const store::Command& command, CommandState state,
                  std::int64_t now) {
  const Json agent_id = command.agent_id;
  tx.events().publish(command.client_id, "command",
                      {{"agent_id", agent_id}, {"command_id", command.id}, {"state", store::name(state)}},
                      now);
  if (command.type == kCancel && !command.parent_id.empty()) {
    tx.events().publish(command.client_id, "command",
                        {{"agent_id", agent_id}, {"command_id", command.parent_id}}, now);
  }
}

commands::CommandType Orders::typeOf(const std::string& id) const {
  auto type = context_.types.find(id);
  if (!type)
    throw http::Problem{404, "command_type.not_found", "there is no command type " + id.substr(0, 64),
                        "/type"};
  return std::move(*type);
}

store::Command Orders::find(const std::string& command_id, const http::Visible& visible) const {
  auto command = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.commands().find(command_id, visible); });
  if (!command) throw http::Problem{404, "command.not_found", "there is no such command"};
  return std::move(*command);
}

store::Command Orders::findFor(const Actor& actor, const std::string& command_id,
                               const std::string& least) const {
  store::Command command = find(command_id, actor.grants.visible());
  requireRole(actor, command.client_id, command.site_id, least);
  requireRole(actor, command.client_id, command.site_id, typeOf(command.type).permission);
  return command;
}

std::vector<PreparedOrder> Orders::prepare(const std::vector<Order>& orders, const Actor& actor) {
  std::vector<PreparedOrder> prepared;
  std::vector<commands::PlanRequest> requests;
  if (orders.empty()) return prepared;
  const commands::CommandType type = typeOf(orders.front().type);
  const std::int64_t now = context_.now();
  std::set<std::string> agent_ids;
  for (const Order& order : orders)
    agent_ids.insert(order.agent_id);
  const auto recipients = context_.store.read([&](const store::ReadTransaction& tx) {
    return tx.agents().recipients(agent_ids, actor.grants.visible());
  });
  for (const Order& order : orders) {
    const auto found = recipients.find(order.agent_id);
    if (found == recipients.end())
      throw http::Problem{404, "agent.not_found", "there is no such agent", "/agent_ids"};
    const store::Recipient& agent = found->second;
    requests.push_back({order.parameters, order.agent_id, agent.hostname, agent.mode, agent.plugins});
    prepared.push_back(
        {commandOf(type, order, agent, now), order.update_ids, {}, order.schedule, order.expires_at});
  }
  for (const auto& one : prepared)
    requireRole(actor, one.command.client_id, one.command.site_id, type.permission);
  for (const auto& one : prepared)
    if (!one.command.outside_reason.empty())
      requireRole(actor, one.command.client_id, one.command.site_id, kOutsideRole);
  const auto plans = context_.types.plan(type, requests);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    prepared[i].command.actions = dumpJson(plans[i].actions);
    if (!plans[i].plan_hash.empty()) prepared[i].command.plan_hash = plans[i].plan_hash;
    prepared[i].refused = {plans[i].error_code, plans[i].error_text};
  }
  return prepared;
}

std::vector<std::string> Orders::placeAll(store::WriteTransaction& tx,
                                          const std::vector<PreparedOrder>& orders, const Also& also) {
  WindowGate gate(context_, tx);
  std::vector<store::NewCommand> commands;
  std::vector<store::Command> held;
  for (const auto& prepared : orders) {
    commands.push_back({prepared.command, prepared.update_ids});
    store::Command& command = commands.back().command;
    command.valid_until = command.gives_up_at = command.expires_at;
    held.push_back(command);
  }
  gate.know(held);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    store::Command& command = commands[i].command;
    if (command.state == CommandState::kAwaitingApproval) {
      if (orders[i].latest != 0) limitWaiting(gate, command, orders[i].latest);
    } else if (gate.holds(command)) {
      command.state = gate.time(command, false) ? CommandState::kQueued : CommandState::kScheduled;
    }
  }
  const auto ids = tx.commands().addAll(commands);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const store::Command& command = commands[i].command;
    if (ids[i] == command.id) {
      tellOrdered(tx, command, orders[i].schedule);
      if (command.state == CommandState::kQueued)
        tx.afterCommit([bell = &context_.bell, agent_id = command.agent_id] { bell->ring(agent_id); });
    }
    if (also) also(i, ids[i]);
  }
  return ids;
}

std::vector<store::Command> Orders::order(const std::string& type_id,
                                          const std::vector<std::string>& agent_ids, const Json& parameters,
                                          const Actor& actor, const Within& within,
                                          const std::string& outside_reason) {
  const commands::CommandType type = typeOf(type_id);
  if (!http::atLeast(actor.grants.highest(), type.permission)) {
    throw http::Problem{403, "command.forbidden", type.title + " asks for the role " + type.permission};
  }
  if (type.needs_approval) {
    throw http::Problem{409, "command.needs_approval", type.title + " is ordered by approving updates",
                        "/type"};
  }
  if (type.id == kCancel) {
    throw http::Problem{409, "command.not_listed", type.title + " is not ordered by itself", "/type"};
  }
  requireProof(type, actor);
  if (!outside_reason.empty() && !actor.proven) throw http::stepUpRequired();
  if (const auto problem = context_.types.validate(type, parameters)) {
    throw http::Problem{422, "command.bad_parameters", problem->text, "/parameters" + problem->field};
  }
  std::vector<Order> orders;
  for (const auto& agent_id : agent_ids)
    orders.push_back({type_id, parameters, agent_id, actor.name});
  for (auto& order : orders)
    order.outside_reason = outside_reason;
  const auto prepared = prepare(orders, actor);
  for (const auto& one : prepared) {
    if (one.refused.code.empty()) continue;
    throw http::Problem{409, one.refused.code, one.command.hostname + ": " + one.refused.text, "/agent_ids"};
  }
  const std::string order_id = newId();
  return context_.store.write([&](store::WriteTransaction& tx) {
    std::vector<store::Command> placed;
    auto bound = prepared;
    bindToAuthor(tx, bound, order_id, type.risk, actor, context_.now());
    for (auto& command : tx.commands().findAll(placeAll(tx, bound), http::Visible::everything()))
      placed.push_back(std::move(command).value());
    if (within) within(tx, placed);
    return placed;
  });
}

store::Command Orders::cancel(const std::string& command_id, const Actor& actor) {
  const store::Command command = findFor(actor, command_id, "technician");
  if (!command.held.empty() && decline(command, actor)) return find(command_id, actor.grants.visible());
  if (command.state == CommandState::kLost && giveUp({&command, 1}, actor.name))
    return find(command_id, actor.grants.visible());
  requireUnfinished(command);
  const std::int64_t now = context_.now();
  const std::string prepared_by = typeOf(command.type).prepared_by;
  const bool withdrawn = context_.store.write([&](store::WriteTransaction& tx) {
    const store::Reason reason{"command.cancelled", "cancelled by " + actor.name};
    const auto reached = tx.commands().advance(command, CommandEvent::kCancelled, actor.name, reason, now);
    if (!reached) return false;
    publishState(tx, command, *reached, now);
    // Nobody needs any more what was to get it ready, unless the machine is at it already.
    if (const auto ahead = tx.commands().preparationOf(command, prepared_by); ahead)
      step(tx, *ahead, CommandEvent::kCancelled, actor.name, reason);
    return true;
  });
  if (withdrawn) return find(command_id, actor.grants.visible());
  requireUnfinished(find(command_id, actor.grants.visible()));
  // The agent has it in hands: only the agent can say whether it was stopped.
  Order order{kCancel, {{"command_id", command_id}}, command.agent_id, actor.name};
  order.parent_id = command_id;
  const auto prepared = prepare({order}, actor);
  if (!prepared.front().refused.code.empty()) {
    throw http::Problem{409, prepared.front().refused.code, prepared.front().refused.text};
  }
  context_.store.write([&](store::WriteTransaction& tx) { place(tx, prepared.front()); });
  return find(command_id, actor.grants.visible());
}

bool Orders::decline(const store::Command& command, const Actor& actor) {
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto current = tx.commands().find(command.id, http::Visible::everything());
    if (!current || current->held.empty()) return false;  // another person was quicker
    const auto agent = tx.agents().key(command.agent_id).value();
    tx.commands().setPlan(command, {command.plan, command.plan_hash, command.extras, ""});
    auto updates = tx.updates().ofCommand(agent, command.id);
    std::erase_if(updates, [&](const store::KnownUpdate& update) { return update.command_id != command.id; });
    tx.updates().advanceAll(agent, updates, store::UpdateEvent::kWithdrawn,
                            {{"update.declined", "the plan was declined by " + actor.name}, {}, {}, {}}, now);
    applyIgnoreRules(tx, agent, now);
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = "update";
    entry.actor = actor.name;
    entry.kind = "plan.declined";
    entry.text = "declined a plan that holds more than was approved";
    entry.command_id = command.id;
    tx.events().record(agent.client_id, agent.agent_id, entry);
    tx.events().publish(agent.client_id, "update", {{"agent_id", agent.agent_id}, {"command_id", command.id}},
                        now);
    return true;
  });
}

store::Command Orders::confirm(const std::string& command_id, const Actor& actor) {
  const store::Command command = findFor(actor, command_id, "approver");
  const http::Problem nothing{409, "command.nothing_to_confirm",
                              "no plan of this command waits for a person"};
  if (command.held.empty()) throw nothing;
  const auto held = parseJson(command.held, {16U << 20, 32, 1'000'000});
  if (!held)
    throw http::Problem{500, "store.corrupt", "the plan that waits cannot be read: " + held.error().text};
  Order order{held->at("type"), held->at("parameters"), command.agent_id, actor.name};
  order.approval_id = command.approval_id;
  order.parent_id = command.id;
  order.attempt = command.attempt;
  order.plan_hash = command.plan_hash;
  std::vector<store::KnownUpdate> waiting;
  context_.store.read([&](const store::ReadTransaction& tx) {
    for (auto& update : tx.updates().ofCommand(tx.agents().key(command.agent_id).value(), command.id)) {
      if (update.state != store::UpdateState::kAwaitingConfirmation || update.command_id != command.id)
        continue;
      order.update_ids.push_back(update.id);
      waiting.push_back(std::move(update));
    }
  });
  requireProof(typeOf(order.type), actor);
  const std::string risk = typeOf(order.type).risk;
  const auto prepared = prepare({order}, actor);
  if (const auto& refused = prepared.front().refused; !refused.code.empty())
    throw http::Problem{409, refused.code, refused.text};
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto current = tx.commands().find(command_id, actor.grants.visible());
    if (!current || current->held != command.held) throw nothing;
    const auto agent = tx.agents().key(command.agent_id).value();
    auto bound = prepared;
    bindToAuthor(tx, bound, newId(), risk, actor, now);
    const std::string id = place(tx, bound.front());
    tx.commands().setPlan(command, {command.plan, command.plan_hash, command.extras, ""});
    tx.updates().advanceAll(agent, waiting, store::UpdateEvent::kConfirmed, {{}, id, {}, {}}, now);
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = "update";
    entry.actor = actor.name;
    entry.kind = "plan.confirmed";
    entry.text = "confirmed a plan that holds more than was approved";
    entry.command_id = id;
    tx.events().record(agent.client_id, agent.agent_id, entry);
    tx.events().publish(agent.client_id, "update", {{"agent_id", agent.agent_id}, {"command_id", id}}, now);
    return tx.commands().find(id, actor.grants.visible()).value();
  });
}

store::Command Orders::retry(const std::string& command_id, const Actor& actor) {
  const store::Command old = findFor(actor, command_id, "technician");
  const commands::CommandType type = typeOf(old.type);
  requireProof(type, actor);
  const bool over = store::finished(old.state) || old.state == CommandState::kLost;
  if (!over || old.state == CommandState::kSucceeded) {
    throw http::Problem{409, "command.not_failed",
                        "only a command that has not succeeded can be tried again"};
  }
  if (old.attempt >= type.max_attempts) {
    throw http::Problem{409, "command.too_many_attempts",
                        "it was tried " + std::to_string(old.attempt) + " times already"};
  }
  const auto parameters = parseJson(old.parameters, {16U << 20, 32, 1'000'000});
  if (!parameters) throw http::Problem{500, "store.corrupt", parameters.error().text};
  Order order{old.type, *parameters, old.agent_id, actor.name};
  order.parent_id = old.parent_id;
  order.retry_of = old.id;
  order.attempt = old.attempt + 1;
  const auto prepared = prepare({order}, actor);
  if (const auto& refused = prepared.front().refused; !refused.code.empty())
    throw http::Problem{409, refused.code, refused.text};
  return context_.store.write([&](store::WriteTransaction& tx) {
    auto bound = prepared;
    bindToAuthor(tx, bound, newId(), type.risk, actor, context_.now());
    return tx.commands().find(place(tx, bound.front()), actor.grants.visible()).value();
  });
}

}  // namespace redflag::services
