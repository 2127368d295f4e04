#include "link/order_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/log.h"
#include "host/frame.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// The plugins an order's actions belong to; each is scanned again.
std::vector<std::string> pluginsOf(const OrderRecord& record) {
  const auto envelope = protocol::decodeEnvelope(record.body);
  std::set<std::string> plugins;
  if (envelope) {
    for (const auto& action : envelope->actions) {
      if (action.plugin != "kernel") plugins.insert(action.plugin);
    }
  }
  return {plugins.begin(), plugins.end()};
}

// What an install was about.
Json orderedIn(const OrderRecord& record) {
  const auto envelope = protocol::decodeEnvelope(record.body);
  if (!envelope || envelope->actions.size() != 1 || envelope->actions.front().action != "install")
    return Json::array();
  const auto parameters =
      parseJson(envelope->actions.front().parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters || !parameters->is_object()) return Json::array();
  const auto updates = parameters->find("updates");
  return updates != parameters->end() && updates->is_array() ? *updates : Json::array();
}

std::string actionsOf(const OrderRecord& record) {
  const auto envelope = protocol::decodeEnvelope(record.body);
  return envelope ? kernel::actionsOf(*envelope) : "";
}

void logFailure(const char* what, const std::string& command_id, const Result<>& result) {
  if (!result) spdlog::error("orders: order.failed: order {}: {}: {}", command_id, what, result.error().text);
}

// What the agent's own words say no to, as against what went wrong.
bool isRefusal(const protocol::Action& action, const Error& error) {
  return action.plugin == "kernel" && (error.code == Code::kDenied || error.code == Code::kUnsupported);
}

}  // namespace

OrderQueue::OrderQueue(Parts parts)
    : parts_(std::move(parts)),
      actions_(
          parts_.scanner, parts_.agent,
          [this](const std::string& id) { return cancel(id) || parts_.cancel_elsewhere(id); },
          parts_.rotate_keys) {}

void OrderQueue::start() {
  if (auto orders = parts_.journal.unfinished()) {
    for (const auto& record : *orders) {
      logFailure("report", record.command_id, parts_.reports.putState(record.accepted_item));
      add(record);
    }
  } else {
    spdlog::error("orders: orders.unreadable: {}", orders.error().text);
  }
  if (auto orders = parts_.journal.verifyDue()) {
    for (const auto& record : *orders)
      addVerify(record);
  }
  report();
  worker_ = std::thread([this] { work(); });
}

void OrderQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (worker_.joinable()) worker_.join();
}

void OrderQueue::add(const OrderRecord& record) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({record, false});
  wake_.notify_all();
}

void OrderQueue::addVerify(const OrderRecord& record) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({record, true});
  wake_.notify_all();
}

void OrderQueue::runNow(const OrderRecord& record) {
  execute(record);
}

bool OrderQueue::cancel(const std::string& command_id) {
  std::string actions;
  {
    const std::lock_guard lock(mutex_);
    const auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](const Task& task) {
      return !task.verify && task.record.command_id == command_id;
    });
    if (it == waiting_.end()) return false;
    actions = actionsOf(it->record);
    waiting_.erase(it);
  }
  finish({newId(), command_id, "cancelled", "", "cancelled before it started", {}, "kernel", 0}, actions,
         "accepted");
  return true;
}

void OrderQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (task.verify) {
      verify(task.record);
    } else {
      execute(task.record);
    }
    lock.lock();
  }
}

void OrderQueue::execute(const OrderRecord& record) {
  const auto envelope = protocol::decodeEnvelope(record.body);
  StateReport outcome;
  std::string from = "accepted";
  if (!envelope) {
    outcome.state = "failed";
    outcome.code = envelope.error().code;
    outcome.text = envelope.error().text;
  } else if (auto valid = protocol::checkValidity(*envelope, parts_.clock.epochNs()); !valid) {
    outcome.state = "refused";
    outcome.code = valid.error().code;
    outcome.text = valid.error().text;
  } else {
    auto carried_out = carryOut(*envelope);
    if (!carried_out) return;
    outcome = std::move(*carried_out);
    from = "running";
  }
  outcome.id = newId();
  outcome.command_id = record.command_id;
  finish(outcome, actionsOf(record), from);
}

std::optional<StateReport> OrderQueue::carryOut(const protocol::Envelope& envelope) {
  StateReport running;
  running.id = newId();
  running.command_id = envelope.command_id;
  running.state = "running";
  log(running, actionsOf(envelope), "accepted");
  logFailure("report", envelope.command_id, parts_.reports.putState(parts_.reports.stateItem(running)));

  StateReport outcome;
  outcome.state = "succeeded";
  outcome.results = Json::array();
  std::size_t bytes = 0;
  for (const auto& action : envelope.actions) {
    auto result = actions_.run(action, envelope.command_id);
    if (!result) {
      if (isRotateKeys(action) && result.error().code == Code::kCancelled) return std::nullopt;
      const bool refused = isRefusal(action, result.error());
      outcome.state = refused ? "refused" : "failed";
      outcome.code = refused && result.error().code == Code::kDenied ? std::string(protocol::refusal::kPolicy)
                                                                     : codeName(result.error().code);
      outcome.text = action.plugin + "/" + action.action + ": " + result.error().text;
      break;
    }
    bytes += dumpJson(*result).size();
    if (bytes > host::kMaxResultBytes) {
      outcome.code = host::kResultTooLong;
      outcome.text = fmt::format("{}/{} answered more than can be told", action.plugin, action.action);
      *result = nullptr;
    }
    outcome.results.push_back(std::move(*result));
  }
  return outcome;
}

void OrderQueue::log(const StateReport& report, const std::string& action, const std::string& from) {
  parts_.reports.step(
      {report.id, report.command_id, action, from, report.state, report.by, report.code, report.at_ns});
}

void OrderQueue::finish(const StateReport& report, const std::string& action, const std::string& from) {
  const std::string item = parts_.reports.stateItem(report);
  if (auto ok = parts_.journal.finish(report.command_id, item); !ok) {
    // Not on disk: it is not told either, and run again after a restart.
    logFailure("journal", report.command_id, ok);
    return;
  }
  log(report, action, from);
  this->report();
}

void OrderQueue::report() {
  const auto records = parts_.journal.unreported();
  if (!records) return;
  for (const auto& record : *records) {
    if (!record.outcome_item.empty()) {
      if (auto ok = parts_.reports.putState(record.outcome_item); !ok) {
        logFailure("its outcome waits for the spool", record.command_id, ok);
        return;
      }
    }
    logFailure("journal", record.command_id, parts_.journal.setReported(record.command_id));
  }
}

void OrderQueue::verify(const OrderRecord& record) {
  ScanRequest request;
  request.plugins = pluginsOf(record);
  request.purpose = "verify";
  request.trigger = Trigger::kVerify;
  request.command_id = record.command_id;
  request.ordered = orderedIn(record);
  if (const auto scans = parts_.scanner.scan(request); !scans) {
    spdlog::error("orders: order.no_proof: order {}: the scan that proves it failed: {}", record.command_id,
                  scans.error().text);
    return;
  }
  logFailure("journal", record.command_id, parts_.journal.setVerifyDue(record.command_id, false));
}

}  // namespace redflag::kernel
