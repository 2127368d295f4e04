#include "link/order_desk.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "link/order_policy.h"
#include "protocol/refused.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;
using Runner = OrderRecord::Runner;

constexpr std::int64_t kFullForAtMostNs = 600 * kSecondNs;
constexpr std::int64_t kSlowNs = 5 * kSecondNs;
constexpr std::int64_t kLeaveSlowNs = 20 * kSecondNs;

// What is installed is as it was: no scan has anything to prove.
bool onlyDownloads(const OrderRecord& record) {
  const auto envelope = protocol::decodeEnvelope(record.body);
  return envelope && std::all_of(envelope->actions.begin(), envelope->actions.end(),
                                 [](const protocol::Action& action) { return action.action == "download"; });
}

}  // namespace

bool OrderDesk::take(const Json& transport) {
  if (parts_.spool.full()) return false;
  const auto order = parts_.gate.check(transport);
  if (!order) {
    parts_.reports.refusal(order.error().command_id, order.error().code, order.error().text, "kernel");
    return true;
  }
  const protocol::Envelope& envelope = order->envelope;
  if (order->known && order->known->runner == Runner::kKernel) {
    answerAgain(*order->known);
    return true;
  }
  const auto runner = order->known ? RunBy::kExecutor : runnerOf(envelope);
  if (!runner) return true;
  if (runner == RunBy::kKernel) return acceptForKernel(envelope);
  if (parts_.runner == nullptr) {
    refuse(envelope, refusal::kModeReport,
           "this agent is in mode report: nothing on the machine may be changed");
    return true;
  }
  if (parts_.policy && !order->known) {
    const auto allowed = checkPolicy(envelope, parts_.policy(), localMinute(parts_.clock.epochNs()));
    if (!allowed) {
      refuse(envelope, allowed.error().code.c_str(), allowed.error().text);
      return true;
    }
  }
  return handToExecutor(*order, transport);
}

std::optional<RunBy> OrderDesk::runnerOf(const protocol::Envelope& envelope) {
  std::optional<RunBy> runner;
  for (const auto& action : envelope.actions) {
    const auto [who, why] = kernel::whose(action, parts_.scanner);
    if (who == RunBy::kNobody) {
      refuse(envelope, refusal::kUnknownAction, why);
      return std::nullopt;
    }
    if (runner && *runner != who) {
      refuse(envelope, refusal::kUnknownAction,
             "an order is the kernel's or the executor's, not both at once");
      return std::nullopt;
    }
    runner = who;
  }
  return runner;
}

void OrderDesk::refuse(const protocol::Envelope& envelope, const char* code, const std::string& text) {
  parts_.reports.refusal(envelope.command_id, code, text, "kernel");
}

OrderRecord OrderDesk::recordOf(const protocol::Envelope& envelope, Runner runner) const {
  OrderRecord record;
  record.command_id = envelope.command_id;
  record.identity = protocol::identityHash(envelope);
  record.runner = runner;
  record.body = protocol::encodeEnvelope(envelope);
  record.expires_at = envelope.expires_at;
  StateReport accepted;
  accepted.id = newId();
  accepted.command_id = envelope.command_id;
  accepted.state = "accepted";
  record.accepted_item = parts_.reports.stateItem(accepted);
  return record;
}

bool OrderDesk::acceptForKernel(const protocol::Envelope& envelope) {
  const bool cancels = std::all_of(envelope.actions.begin(), envelope.actions.end(), isCancel);
  if (!cancels && parts_.queue->full()) return false;
  const OrderRecord record = recordOf(envelope, Runner::kKernel);
  if (auto ok = parts_.journal->accept(record); !ok) {
    spdlog::error("orders: order.not_journaled: order {} could not be journaled: {}", record.command_id,
                  ok.error().text);
    return false;
  }
  if (auto ok = parts_.reports.putState(record.accepted_item); !ok) {
    spdlog::warn("order {}: its acceptance could not be told: {}", record.command_id, ok.error().text);
  }
  parts_.reports.step({record.command_id, record.command_id, actionsOf(envelope), "", "accepted"});
  if (cancels) {
    parts_.queue->runNow(record);
  } else {
    parts_.queue->add(record);
  }
  return true;
}

// The item ids are the first ones, so the server, which may have heard them already, counts them once.
void OrderDesk::answerAgain(const OrderRecord& record) {
  for (const std::string* item : {&record.accepted_item, &record.outcome_item}) {
    if (item->empty()) continue;
    if (auto ok = parts_.reports.putState(*item); !ok) {
      spdlog::warn("order {}: its state could not be told again: {}", record.command_id, ok.error().text);
    }
  }
}

bool OrderDesk::executorFull() const {
  return parts_.clock.monotonicNs() < full_until_ns_;
}

bool OrderDesk::handToExecutor(const CheckedOrder& order, const Json& transport) {
  const std::string& id = order.envelope.command_id;
  if (executorFull() || parts_.clock.monotonicNs() < slow_until_ns_) return false;
  if (!order.known) {
    if (auto ok = parts_.journal->accept(recordOf(order.envelope, Runner::kExecutor)); !ok) {
      spdlog::error("orders: order.not_journaled: order {} could not be journaled: {}", id, ok.error().text);
      return false;
    }
  }
  const std::int64_t asked_ns = parts_.clock.monotonicNs();
  auto event = parts_.runner->submit(transport, parts_.trust_files());
  if (!event) {
    // Uploads wait behind this: one that does not answer is not asked about each of many orders.
    const std::int64_t now_ns = parts_.clock.monotonicNs();
    if (now_ns - asked_ns >= kSlowNs) slow_until_ns_ = now_ns + kLeaveSlowNs;
    if (event.error().code == Code::kLimit) full_until_ns_ = parts_.clock.monotonicNs() + kFullForAtMostNs;
    if (std::exchange(told_waiting_, event.error().text) != event.error().text)
      spdlog::warn("order {} waits: the executor does not take it: {}", id, event.error().text);
    return false;
  }
  told_waiting_.clear();
  parts_.reports.step({id, id, actionsOf(order.envelope), "", "handed_on"});
  // An executor that does not believe the envelope names no id. This side does, and it is the answer to this
  // one.
  if (event->event == "refused" && event->command_id.empty()) event->command_id = id;
  return onExecutor(*event);
}

Result<> OrderDesk::putExecutorState(const OrderEvent& event, const std::string& state) {
  parts_.reports.step({event.id, event.command_id, "", state == "accepted" ? "handed_on" : "", state,
                       "executor", event.code, event.at_ns});
  StateReport report{event.id, event.command_id, state, event.code, event.text, {}, "executor", event.at_ns};
  if (event.event == "result") report.results = event.results;
  return parts_.reports.putState(parts_.reports.stateItem(report));
}

bool OrderDesk::onExecutor(const OrderEvent& event) {
  if (event.event == "result") return onResult(event);
  if (event.event == "refused" && event.code == protocol::refusal::kConnection) {
    parts_.reports.connection(event.text);
  } else if (event.event == "error") {
    // As an error of this program, it is told to the server.
    spdlog::error("executor: {}: {}", event.code, event.text);
  } else if (event.event == "refused") {
    parts_.reports.refusal(event.command_id, event.code, event.text, "executor");
  } else if (event.event == "progress" || event.event == "log") {
    parts_.reports.log({event.command_id, event.lines, event.percent, event.text, event.at_ns});
  } else if (auto ok = putExecutorState(event, event.event); !ok) {
    spdlog::warn("order {}: {} could not be told: {}", event.command_id, event.event, ok.error().text);
  }
  return true;
}

std::optional<OrderRecord> OrderDesk::recorded(const std::string& command_id) {
  if (parts_.journal == nullptr) return std::nullopt;
  auto record = parts_.journal->find(command_id);
  if (record) return std::move(*record);
  spdlog::error("orders: order.failed: order {}: {}", command_id, record.error().text);
  return std::nullopt;
}

// The executor forgets a result only when it is in the spool and the scan that proves it is written down as
// due.
bool OrderDesk::onResult(const OrderEvent& event) {
  const std::lock_guard lock(results_);
  const auto record = recorded(event.command_id);
  const bool carried_out = event.state == "succeeded" || event.state == "failed";
  const bool changed = carried_out && !(record && onlyDownloads(*record));
  const bool first = record && !record->finished;
  if (first && changed) {
    if (auto ok = parts_.journal->setVerifyDue(event.command_id, true); !ok) {
      spdlog::error("orders: order.failed: order {}: {}", event.command_id, ok.error().text);
      return false;
    }
  }
  if (auto ok = putExecutorState(event, event.state); !ok) {
    spdlog::error("orders: order.result_waits: order {}: its result waits with the executor: {}",
                  event.command_id, ok.error().text);
    return false;
  }
  if (auto ok = parts_.runner->ack(event.command_id); !ok) {
    spdlog::warn("order {}: the executor did not hear that its result is safe: {}", event.command_id,
                 ok.error().text);
  }
  if (full_until_ns_.exchange(0) != 0) parts_.room();
  if (!first) return true;
  if (auto ok = parts_.journal->finish(event.command_id, ""); !ok) {
    spdlog::error("orders: order.failed: order {}: {}", event.command_id, ok.error().text);
  }
  if (changed) parts_.queue->addVerify(*record);
  return true;
}

}  // namespace redflag::kernel
