#include "services/settlement.h"

#include <map>

#include "base/log.h"
#include "base/time.h"
#include "http/message.h"
#include "services/effects.h"
#include "store/events.h"
#include "store/updates.h"

namespace redflag::services {
namespace {

constexpr std::size_t kBatch = 200;
constexpr std::int64_t kMaxTries = 5;
constexpr std::int64_t kAskAgainNs = 10 * 60 * kSecondNs;  // a machine that could not be asked for its scan

commands::Outcome outcomeOf(const store::Command& command) {
  commands::Outcome outcome;
  outcome.parameters = parseJson(command.parameters, {16U << 20, 32, 2'000'000}).value_or(Json::object());
  outcome.outcome = store::name(command.state);
  if (!command.results.empty()) {
    outcome.results = parseJson(command.results, {64U << 20, 32, 4'000'000}).value_or(Json::array());
  }
  outcome.code = command.reason.code;
  outcome.text = command.reason.text;
  return outcome;
}

}  // namespace

bool Settlement::run() {
  bool done = true;
  const auto ended =
      context_.store.read([](const store::ReadTransaction& tx) { return tx.commands().unsettled(kBatch); });
  std::map<std::string, std::vector<store::Command>> by_type;
  for (const auto& command : ended)
    if (!orders_.passOn(command)) by_type[command.type].push_back(command);
  for (const auto& [type, commands] : by_type)
    done = settleType(type, commands) && done;
  verifyRebooted();
  return done && ended.size() < kBatch;
}

bool Settlement::settleType(const std::string& type_id, const std::vector<store::Command>& ended) {
  std::string why;
  try {
    const auto type = context_.types.find(type_id);
    if (!type)
      throw http::Problem{503, "command_type.not_found", "the command type " + type_id + " is not installed"};
    std::vector<commands::Outcome> outcomes;
    for (const auto& command : ended)
      outcomes.push_back(outcomeOf(command));
    const auto effects = context_.types.onResult(*type, outcomes);
    for (std::size_t i = 0; i < ended.size(); ++i)
      settle(ended[i], effects[i]);
    return true;
  } catch (const http::Problem& problem) {
    // That the store has no time for it now says nothing about the type: it is due until it is done.
    if (problem.status == 503 && problem.code.starts_with("store.")) throw;
    why = problem.detail;
  }
  // One bad answer must not hold up the others for ever: each is tried by itself the next times, and given up
  // in the end.
  spdlog::error("settlement: {}: {}", type_id, why);
  bool done = true;
  for (const auto& command : ended) {
    if (command.settle_tries + 1 >= kMaxTries) {
      giveUp(command, why);
    } else if (ended.size() > 1) {
      done = settleType(type_id, {command}) && done;
    } else {
      context_.store.writeOf(command.agent_id,
                             [&](store::WriteTransaction& tx) { tx.commands().settleFailed(command); });
      done = false;
    }
  }
  return done;
}

void Settlement::settle(const store::Command& command, const std::vector<Json>& effects) {
  Effects carried(context_, orders_, command);
  carried.prepare(effects);
  context_.store.writeOf(command.agent_id, [&](store::WriteTransaction& tx) {
    if (tx.commands().settle(command)) carried.apply(tx);
  });
}

void Settlement::giveUp(const store::Command& command, const std::string& why) {
  Effects none(context_, orders_, command);
  none.prepare(
      {{{"effect", "updates.failed"}, {"class", "install"}, {"code", "command_type_failed"}, {"text", why}}});
  context_.store.writeOf(command.agent_id, [&](store::WriteTransaction& tx) {
    if (tx.commands().settle(command)) none.apply(tx);
  });
}

void Settlement::verifyRebooted() {
  const std::int64_t now = context_.clock.monotonicNs();
  std::erase_if(not_asked_at_, [&](const auto& one) { return one.second + kAskAgainNs <= now; });
  const auto rebooted = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.updates().rebooted(after_, kBatch); });
  // Those that cannot be asked stay where they are: the others behind them have their turn all the same.
  after_ = rebooted.size() < kBatch ? store::Rebooted() : rebooted.back();
  for (const auto& one : rebooted) {
    const std::pair place{one.agent.agent_id, one.plugin};
    if (not_asked_at_.contains(place)) continue;
    try {
      orders_.order("scan", {one.agent.agent_id}, {{"plugins", {one.plugin}}, {"purpose", "verify"}},
                    serverItself(),
                    [&](store::WriteTransaction& tx, const auto&) { tx.updates().markVerifyOrdered(one); });
    } catch (const http::Problem& problem) {
      if (!problem.code.starts_with("store.")) not_asked_at_[place] = now;
      spdlog::warn("settlement: no scan after the reboot of {}: {}", one.agent.agent_id, problem.detail);
    }
  }
}

}  // namespace redflag::services
