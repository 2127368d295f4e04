#include <algorithm>
#include <optional>
#include <set>

#include "base/log.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "services/orders.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::CommandEvent;

constexpr std::size_t kSweepBatch = 500;
constexpr int kFetchesAgain = 8;
constexpr std::int64_t kLostForNs = 7 * 86'400 * kSecondNs;

constexpr const char* kServer = "server";

store::Reason overdueReason(const store::Command& command) {
  if (command.state == store::CommandState::kAwaitingApproval)
    return {"command.not_approved", "no second person approved it in time"};
  if (!command.window.empty() && command.expires_at != command.valid_until) {
    return {"window.given_up", "the machine did not take it in " + command.window + ", nor in " +
                                   std::to_string(command.windows_missed) + " before it"};
  }
  if (command.state == store::CommandState::kScheduled && !command.window.empty())
    return {"window.none", "it waited for " + command.window};
  return {"command.expired", "the agent did not accept it in time"};
}

// Takes out those whose window is closed, and says of the others until when they may begin. What was handed
// out once is as it was signed then.
std::vector<store::Command> takeClosed(const Context& context, const store::ReadTransaction& tx,
                                       std::vector<store::Command>& waiting) {
  WindowGate gate(context, tx);
  std::vector<store::Command> closed;
  std::erase_if(waiting, [&](store::Command& command) {
    if (command.state != store::CommandState::kQueued || !gate.holds(command) || gate.open(command))
      return false;
    closed.push_back(command);
    return true;
  });
  return closed;
}

struct Handled {
  const store::Command* command;
  store::Reason unsignable;  // code "" when it was signed
  Json envelope;
  bool stands = true;
};

// What is signed is what the order is from now on; of one that was handed out before it is already.
bool getsItsTime(const store::Command& command) {
  return !command.window.empty() && command.state == store::CommandState::kQueued;
}

std::vector<std::optional<store::Command>> asTheyAreNow(const store::ReadTransaction& tx,
                                                        const std::vector<store::Command>& commands) {
  std::vector<std::string> ids;
  for (const auto& command : commands)
    ids.push_back(command.id);
  return tx.commands().findAll(ids, http::Visible::everything());
}

// Those of which the time that was signed still counts: nobody has cancelled them, nor put them off.
std::set<std::string> stillQueued(const store::ReadTransaction& tx, const std::vector<Handled>& handled) {
  std::vector<std::string> ids;
  for (const Handled& one : handled)
    if (getsItsTime(*one.command)) ids.push_back(one.command->id);
  std::set<std::string> queued;
  for (const auto& command : tx.commands().findAll(ids, http::Visible::everything()))
    if (command && command->state == store::CommandState::kQueued) queued.insert(command->id);
  return queued;
}

}  // namespace

std::vector<bool> Orders::stepAll(store::WriteTransaction& tx, std::span<const store::Command> commands,
                                  CommandEvent event, const std::string& actor,
                                  const store::Reason& reason) const {
  const std::int64_t now = context_.now();
  const auto reached = tx.commands().advanceAll(commands, event, actor, reason, now);
  std::vector<bool> stepped;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const store::Command& command = commands[i];
    stepped.push_back(reached[i].has_value());
    if (!reached[i] || *reached[i] == command.state) continue;
    publishState(tx, command, *reached[i], now);
    if (*reached[i] == store::CommandState::kQueued)
      tx.afterCommit([bell = &context_.bell, agent_id = command.agent_id] { bell->ring(agent_id); });
  }
  return stepped;
}

std::vector<Json> Orders::fetch(const store::AgentKey& agent) {
  if (agent.standing.state != "active") return {};  // until a person has looked
  for (int again = kFetchesAgain; again > 0; --again) {
    if (auto envelopes = handOut(agent, false)) return std::move(*envelopes);
  }
  return handOut(agent, true).value();
}

// nullopt, unless it is to be taken as it is: more wait than one answer has room for, and some of these are
// no orders any more. Who is handed fewer than there is room for takes that for all there are, and is rung
// for no second time.
std::optional<std::vector<Json>> Orders::handOut(const store::AgentKey& agent, bool as_it_is) {
  const std::int64_t now = context_.now();
  bool more = false;
  std::vector<store::Command> closed;
  const auto waiting = context_.store.read([&](const store::ReadTransaction& tx) {
    auto found = tx.commands().fetchable(agent, now, protocol::kMaxFetchedCommands);
    more = found.size() == protocol::kMaxFetchedCommands;
    closed = takeClosed(context_, tx, found);
    return found;
  });
  if (!closed.empty()) {
    context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
      for (const auto& command : asTheyAreNow(tx, closed))
        if (command) withhold(tx, *command);
    });
  }
  if (more && !closed.empty() && !as_it_is) return std::nullopt;
  if (waiting.empty()) return std::vector<Json>();
  const auto epoch = context_.epoch(now);
  if (!epoch) {
    spdlog::warn("orders: {} wait for agent {}: {}", waiting.size(), agent.agent_id, epoch.error().text);
    return std::vector<Json>();
  }
  std::vector<Handled> handled;
  std::size_t bytes = 0;
  bool changes = false;
  for (const auto& command : waiting) {
    auto envelope = context_.signer.sign(command, *epoch, now);
    if (!envelope) {
      spdlog::error("orders: {} cannot be signed: {}", command.id, envelope.error().text);
      handled.push_back({&command, {"command.unsignable", envelope.error().text}, {}});
      changes = true;
      continue;
    }
    bytes += dumpJson(*envelope).size();
    if (bytes > protocol::kMaxFetchBytes && !handled.empty()) {
      more = true;
      break;
    }
    handled.push_back({&command, {}, std::move(*envelope)});
    changes = changes || command.state != store::CommandState::kDelivered;
  }
  // What was cancelled since it was read is no order any more: nobody may get it.
  const auto claim = [&](store::WriteTransaction& tx) {
    const auto queued = stillQueued(tx, handled);
    for (Handled& one : handled) {
      const bool is_signed = one.unsignable.code.empty();
      if (getsItsTime(*one.command)) {
        one.stands = queued.contains(one.command->id);
        if (!one.stands) continue;
        tx.commands().setTiming({one.command, 1});
      }
      one.stands = step(tx, *one.command, is_signed ? CommandEvent::kFetched : CommandEvent::kFailed, kServer,
                        one.unsignable);
    }
  };
  if (changes) context_.store.writeOf(agent.agent_id, claim);
  std::vector<Json> envelopes;
  for (Handled& one : handled) {
    if (one.stands && !one.envelope.is_null()) envelopes.push_back(std::move(one.envelope));
  }
  if (more && envelopes.size() < handled.size() && !as_it_is) return std::nullopt;
  return envelopes;
}

bool Orders::giveUp(std::span<const store::Command> lost, const std::string& who) const {
  const auto given_up = context_.store.write([&](store::WriteTransaction& tx) {
    return stepAll(tx, lost, CommandEvent::kGivenUp, who,
                   {"command.given_up",
                    "given up by " + who + ": the machine began it and has not said what became of it"});
  });
  return std::find(given_up.begin(), given_up.end(), true) != given_up.end();
}

void Orders::giveUpLost() const {
  const std::int64_t before = context_.now() - kLostForNs;
  const auto lost = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.commands().lostSince(before, kSweepBatch); });
  if (!lost.empty()) giveUp(lost, kServer);
}

void Orders::sweep() {
  const std::int64_t now = context_.now();
  bool due = false;
  bool silent = false;
  std::vector<store::Command> overdue;
  context_.store.read([&](const store::ReadTransaction& tx) {
    due = !tx.commands().due(now, 1).empty();
    silent = !tx.commands().silent(now, 1).empty();
    overdue = tx.commands().overdue(now, kSweepBatch);
  });
  if (!due && !silent && overdue.empty()) return;
  context_.store.write([&](store::WriteTransaction& tx) {
    auto scheduled = tx.commands().due(now, kSweepBatch);
    std::erase_if(scheduled, [&](const store::Command& command) { return command.expires_at <= now; });
    releaseAll(tx, scheduled, kServer);
    const auto current = asTheyAreNow(tx, overdue);
    for (std::size_t i = 0; i < overdue.size(); ++i) {
      if (!waitForNext(tx, overdue[i], current[i]))
        step(tx, overdue[i], CommandEvent::kOverdue, kServer, overdueReason(overdue[i]));
    }
    // Asked here: a word that came meanwhile, such as a line of its log, leaves its state as it is.
    if (silent)
      stepAll(tx, tx.commands().silent(now, kSweepBatch), CommandEvent::kSilence, kServer,
              {"command.lost", "the agent accepted it and has been silent since"});
  });
}

}  // namespace redflag::services
