#include "services/preparations.h"

#include "base/log.h"
#include "http/message.h"

namespace redflag::services {
namespace {

constexpr std::size_t kPreparedAtOnce = 200;

// While its preparation was planned, it may have been cancelled or handed out.
std::vector<PreparedOrder> stillNeeded(const store::ReadTransaction& tx,
                                       const std::vector<PreparedOrder>& preparations) {
  std::vector<std::string> ids;
  for (const auto& one : preparations)
    ids.push_back(one.command.parent_id);
  const auto commands = tx.commands().findAll(ids, http::Visible::everything());
  std::vector<PreparedOrder> needed;
  for (std::size_t i = 0; i < commands.size(); ++i)
    if (commands[i] && commands[i]->state == store::CommandState::kScheduled)
      needed.push_back(preparations[i]);
  return needed;
}

}  // namespace

void Preparations::run() {
  const std::int64_t now = context_.now();
  std::erase_if(refused_at_, [&](const auto& refused) { return refused.second + kPauseNs <= now; });
  for (const auto& type : context_.types.all()) {
    if (type.prepared_by.empty()) continue;
    // One that fails keeps nothing else of the upkeep from its turn.
    try {
      prepareFor(type, now);
    } catch (const http::Problem& problem) {
      spdlog::warn("preparations: {}: {}: {}", type.id, problem.code, problem.detail);
    }
  }
}

void Preparations::prepareFor(const commands::CommandType& type, std::int64_t now) {
  const auto orders = missing(type, now);
  if (orders.empty()) return;
  std::vector<PreparedOrder> placed;
  for (auto& prepared : orders_.prepare(orders, serverItself())) {
    const store::Command& command = prepared.command;
    if (prepared.refused.code.empty()) {
      placed.push_back(std::move(prepared));
      continue;
    }
    refused_at_[command.parent_id] = now;
    spdlog::info("preparations: {} for {}: {}", command.type, command.hostname, prepared.refused.text);
  }
  if (placed.empty()) return;
  context_.store.write([&](store::WriteTransaction& tx) { orders_.placeAll(tx, stillNeeded(tx, placed)); });
}

std::vector<Order> Preparations::missing(const commands::CommandType& type, std::int64_t now) {
  std::vector<Order> orders;
  const store::PreparationTries tries{kMostTries, now - kPauseNs};
  context_.store.read([&](const store::ReadTransaction& tx) {
    store::WaitingAfter& after = after_[type.id];
    const auto waiting = tx.commands().unprepared(type.id, type.prepared_by, now + kLeastAheadNs, tries,
                                                  after, kPreparedAtOnce);
    // Those that are refused stay where they are: the others behind them have their turn all the same.
    const bool all = waiting.size() < kPreparedAtOnce;
    after = all ? store::WaitingAfter() : store::WaitingAfter{waiting.back().not_before, waiting.back().id};
    for (const auto& command : waiting) {
      if (refused_at_.contains(command.id)) continue;
      auto parameters = parseJson(command.parameters, {16U << 20, 32, 1'000'000});
      if (!parameters) {
        spdlog::error("preparations: {}: {}", command.id, parameters.error().text);
        continue;
      }
      const auto last = tx.commands().preparationOf(command, type.prepared_by);
      Order& order = orders.emplace_back(
          Order{type.prepared_by, std::move(*parameters), command.agent_id, serverItself().name});
      order.parent_id = command.id;
      order.approval_id = command.approval_id;
      order.plan_hash = command.plan_hash;
      order.attempt = last ? last->attempt + 1 : 1;
      order.retry_of = last ? last->id : "";
      order.expires_at = command.not_before;
    }
  });
  return orders;
}

}  // namespace redflag::services
