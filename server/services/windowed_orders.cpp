// What windows do to orders (window_gate.h): held back, handed out, missed, ordered outside of.
#include <map>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "protocol/refused.h"
#include "services/orders.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::CommandEvent;
using store::CommandState;

constexpr std::size_t kWaitingAtOnce = 500;
constexpr const char* kOfTheServer = "server";

bool sameTiming(const store::Command& one, const store::Command& other) {
  return one.window == other.window && one.not_before == other.not_before &&
         one.expires_at == other.expires_at && one.gives_up_at == other.gives_up_at;
}

void publishWaits(store::WriteTransaction& tx, const store::Command& command, std::int64_t now) {
  publishState(tx, command, CommandState::kScheduled, now);
}

store::HistoryEntry entryAbout(const store::Command& command, const std::string& kind,
                               const std::string& text, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "command";
  entry.actor = kOfTheServer;
  entry.kind = kind;
  entry.text = text;
  entry.command_id = command.id;
  return entry;
}

std::string waitsText(const store::Command& command) {
  return "it waits for " + command.window + ", which opens at " + toRfc3339(command.not_before);
}

// Thrown inside the transaction, and undoes it: the same order is under way already.
struct Stands {};

// The machine itself says that it has not begun it, because the window was over.
bool endedByWindow(const store::Command& command) {
  return command.state == CommandState::kRefused && command.reason.code == protocol::refusal::kExpired &&
         !command.window.empty() && command.outside_reason.empty();
}

}  // namespace

void Orders::releaseAll(store::WriteTransaction& tx, const std::vector<store::Command>& scheduled,
                        const std::string& actor) const {
  const std::int64_t now = context_.now();
  WindowGate gate(context_, tx);
  gate.know(scheduled);
  std::vector<store::Command> timed;
  std::vector<store::Command> due;
  for (store::Command command : scheduled) {
    if (!gate.holds(command)) {
      if (command.not_before <= now) due.push_back(std::move(command));
      continue;
    }
    const bool open = gate.time(command, !command.window.empty());
    timed.push_back(command);
    if (open) {
      due.push_back(std::move(command));
    } else {
      publishWaits(tx, command, now);
    }
  }
  tx.commands().setTiming(timed);
  stepAll(tx, due, CommandEvent::kDue, actor, {});
}

bool Orders::waitForNext(store::WriteTransaction& tx, const store::Command& command,
                         const std::optional<store::Command>& current) const {
  const std::int64_t now = context_.now();
  const bool fresh = command.state == CommandState::kScheduled || command.state == CommandState::kQueued;
  if (current && (current->state != command.state || current->expires_at != command.expires_at))
    return true;  // somebody else has looked after it
  WindowGate gate(context_, tx);
  if (!fresh || command.window.empty() || command.gives_up_at <= now || !gate.holds(command)) return false;
  store::Command next = command;
  ++next.windows_missed;
  const bool open = gate.time(next, true);
  if (next.expires_at <= now) return false;  // none opens again
  // Somebody has made its window longer meanwhile: it has missed nothing.
  if (open || next.window.empty()) --next.windows_missed;
  tx.commands().setTiming({&next, 1});
  if (open) {
    step(tx, command, CommandEvent::kDue, kOfTheServer, {});
    return true;
  }
  const std::string text = command.title + ": the machine did not take it in " + command.window + "; " +
                           waitsText(next) + ", and is given up at " + toRfc3339(next.gives_up_at);
  step(tx, command, CommandEvent::kWithheld, kOfTheServer, {"window.missed", text});
  publishWaits(tx, next, now);
  auto entry = entryAbout(command, "window.missed", text, now);
  entry.severity = "warning";
  entry.code = "window.missed";
  tx.events().record(command.client_id, command.agent_id, entry);
  return true;
}

void Orders::withhold(store::WriteTransaction& tx, const store::Command& command) const {
  if (command.state != CommandState::kQueued) return;
  WindowGate gate(context_, tx);
  store::Command timed = command;
  if (gate.time(timed, waitedForWindow(command))) return;  // it has opened this very moment: the next fetch
  tx.commands().setTiming({&timed, 1});
  step(tx, command, CommandEvent::kWithheld, kOfTheServer, {"window.closed", waitsText(timed)});
}

void Orders::lookAtWindowsAgain(store::WriteTransaction& tx, const std::string& client_id) const {
  WindowGate gate(context_, tx);
  std::string after;
  for (;;) {
    const auto waiting = tx.commands().waitingOf(client_id, after, kWaitingAtOnce);
    gate.know(waiting);
    std::vector<store::Command> retimed;
    std::vector<store::Command> due;
    std::map<std::string, std::vector<store::Command>> withheld;  // by what they wait for
    for (const auto& command : waiting) {
      if (!gate.holds(command)) continue;
      store::Command timed = command;
      const bool open = gate.time(timed, waitedForWindow(command));
      const bool queued = command.state == CommandState::kQueued;
      if (open == queued && sameTiming(command, timed)) continue;
      // Of one that may be fetched already, not_before says nothing that anybody waits for.
      if (open && !queued) {
        due.push_back(command);
      } else if (!open && queued) {
        withheld[waitsText(timed)].push_back(command);
      } else if (!open) {
        publishWaits(tx, timed, context_.now());
      }
      retimed.push_back(std::move(timed));
    }
    tx.commands().setTiming(retimed);
    stepAll(tx, due, CommandEvent::kDue, kOfTheServer, {"window.changed", "its window was changed"});
    for (const auto& [text, commands] : withheld)
      stepAll(tx, commands, CommandEvent::kWithheld, kOfTheServer, {"window.changed", text});
    if (waiting.size() < kWaitingAtOnce) return;
    after = waiting.back().id;
  }
}

store::Command Orders::runOutside(const std::string& command_id, const std::string& reason,
                                  const Actor& actor) {
  const store::Command command = findFor(actor, command_id, kOutsideRole);
  if (!actor.proven) throw http::stepUpRequired();
  const commands::CommandType type = typeOf(command.type);
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    store::Command current = tx.commands().find(command_id, actor.grants.visible()).value();
    if (current.state != CommandState::kScheduled || current.window.empty())
      throw http::Problem{409, "command.waits_for_no_window", "it does not wait for a maintenance window"};
    const std::string window = current.window;
    current.outside_reason = reason;
    current.window.clear();
    current.not_before = now - protocol::kClockToleranceNs;
    current.valid_until = current.expires_at = current.gives_up_at = now + type.valid_s * kSecondNs;
    tx.commands().setTiming({&current, 1});
    step(tx, current, CommandEvent::kDue, actor.name,
         {"window.outside", "outside of any window, by " + actor.name + ": " + reason});
    auto entry = entryAbout(current, "command.outside_window",
                            current.title + ": now, instead of waiting for " + window + ": " + reason, now);
    entry.actor = actor.name;
    entry.severity = "warning";
    tx.events().record(current.client_id, current.agent_id, entry);
    return tx.commands().find(command_id, actor.grants.visible()).value();
  });
}

bool Orders::passOn(const store::Command& old) {
  const std::int64_t now = context_.now();
  if (!endedByWindow(old) || old.gives_up_at <= now) return false;
  try {
    return context_.store.write([&](store::WriteTransaction& tx) { return passOnIn(tx, old, now); });
  } catch (const Stands&) {
    return false;
  }
}

bool Orders::passOnIn(store::WriteTransaction& tx, const store::Command& old, std::int64_t now) const {
  const auto agent = tx.agents().key(old.agent_id).value();
  auto updates = tx.updates().ofCommand(agent, old.id);
  std::erase_if(updates, [&](const store::KnownUpdate& update) { return update.command_id != old.id; });
  std::vector<std::string> update_ids;
  for (const auto& update : updates) {
    if (!store::after(update.state, store::UpdateEvent::kPassedOn)) return false;
    update_ids.push_back(update.id);
  }
  store::Command next = old;
  next.id = newId();
  next.retry_of = old.id;
  next.created_at = now;
  next.reason = {};
  ++next.windows_missed;
  if (next.dedup_key == old.id) next.dedup_key = next.id;
  WindowGate gate(context_, tx);
  if (!gate.holds(next)) return false;
  bool open = gate.time(next, true);
  // To a machine whose clock is ahead it is over already, and would be again as often as it is told.
  if (open && next.expires_at <= old.expires_at) open = gate.time(next, true, old.expires_at);
  next.state = open ? CommandState::kQueued : CommandState::kScheduled;
  if (next.expires_at <= now) return false;
  // Another server was quicker, and what it put in its place may have ended by now.
  if (!tx.commands().settle(old)) return true;
  if (tx.commands().add(next, update_ids) != next.id) throw Stands{};
  if (!old.approved_by.empty()) tx.commands().setApproved({&next, 1}, old.approved_by);
  tx.updates().advanceAll(agent, updates, store::UpdateEvent::kPassedOn, {{}, next.id, {}, {}}, now);
  auto entry = entryAbout(next, "window.missed",
                          old.title + ": its turn did not come in " + old.window + "; " + waitsText(next) +
                              ", and is given up at " + toRfc3339(next.gives_up_at),
                          now);
  entry.severity = "warning";
  entry.code = "window.missed";
  tx.events().record(next.client_id, next.agent_id, entry);
  publishState(tx, next, next.state, now);
  tx.events().publish(next.client_id, "update", {{"agent_id", next.agent_id}, {"command_id", next.id}}, now);
  if (next.state == CommandState::kQueued)
    tx.afterCommit([bell = &context_.bell, agent_id = next.agent_id] { bell->ring(agent_id); });
  return true;
}

}  // namespace redflag::services
