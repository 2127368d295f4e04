#include "link/order_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "host/frame.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

// Of what waits in memory: a server that orders without end must not fill it.
constexpr std::size_t kMaxWaitingBytes = 16U << 20;

constexpr std::int64_t kForgetEveryNs = 24 * 3600 * kSecondNs;

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

bool OrderQueue::full() {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  for (const Task& task : waiting_)
    bytes += sizeof task + task.record.body.size() + task.record.accepted_item.size();
  return bytes >= kMaxWaitingBytes;
}

OrderQueue::Task OrderQueue::taskOf(const OrderRecord& record) const {
  const std::int64_t now = std::max<std::int64_t>(parts_.clock.epochNs(), 0);
  return {record, false, parts_.clock.monotonicNs(), record.expires_at - now};
}

void OrderQueue::add(const OrderRecord& record) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(taskOf(record));
  wake_.notify_all();
}

void OrderQueue::addVerify(const OrderRecord& record) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({record, true});
  wake_.notify_all();
}

void OrderQueue::runNow(const OrderRecord& record) {
  execute(taskOf(record));
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
      execute(task);
    }
    lock.lock();
  }
}

// A clock that is set back while an order waits makes it no younger.
protocol::Verdict<> OrderQueue::stillValid(const Task& task, const protocol::Envelope& envelope) const {
  if (parts_.clock.monotonicNs() - task.since_ns >= task.valid_for_ns)
    return protocol::refuse(protocol::refusal::kExpired, "the order expired while it waited");
  return protocol::checkValidity(envelope, parts_.clock.epochNs());
}

void OrderQueue::execute(const Task& task) {
  const OrderRecord& record = task.record;
  const auto envelope = protocol::decodeEnvelope(record.body);
  StateReport outcome;
  std::string from = "accepted";
  if (!envelope) {
    outcome.state = "failed";
    outcome.code = envelope.error().code;
    outcome.text = envelope.error().text;
  } else if (auto valid = stillValid(task, *envelope); !valid) {
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

void OrderQueue::finish(StateReport report, const std::string& action, const std::string& from) {
  report.at_ns = parts_.clock.epochNs();
  std::string item = parts_.reports.stateItem(report);
  report.results = nullptr;
  if (writeDown({std::move(report), std::move(item), action, from})) tellOutcomes();
}

// What is not on disk is not told either: after a restart it would be run again.
bool OrderQueue::writeDown(Ended ended) {
  const auto written = parts_.journal.finish(ended.report.command_id, ended.item);
  if (written) {
    log(ended.report, ended.action, ended.from);
    return true;
  }
  logFailure("journal", ended.report.command_id, written);
  if (written.error().code == Code::kConflict) return false;  // it has an outcome
  const std::lock_guard lock(mutex_);
  unwritten_.push_back(std::move(ended));
  return false;
}

void OrderQueue::takeUpAgain() {
  std::unique_lock lock(mutex_);
  auto ended = std::exchange(unwritten_, {});
  for (auto& record : std::exchange(unproven_, {}))
    waiting_.push_back({std::move(record), true});
  lock.unlock();
  wake_.notify_all();
  for (auto& one : ended)
    writeDown(std::move(one));
}

void OrderQueue::report() {
  takeUpAgain();
  tellOutcomes();
  forgetOld();
}

void OrderQueue::forgetOld() {
  const std::int64_t now = parts_.clock.monotonicNs();
  {
    const std::lock_guard lock(mutex_);
    if (now < forget_at_ns_) return;
    forget_at_ns_ = now + kForgetEveryNs;
  }
  if (auto ok = parts_.journal.prune(parts_.clock.epochNs()); !ok) spdlog::warn("{}", ok.error().text);
}

void OrderQueue::tellOutcomes() {
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
    // A plugin that is enabled no more has nothing to prove; what could not be kept can be, later.
    const std::lock_guard lock(mutex_);
    if (scans.error().code != Code::kInvalid) unproven_.push_back(record);
    return;
  }
  logFailure("journal", record.command_id, parts_.journal.setVerifyDue(record.command_id, false));
}

}  // namespace redflag::kernel
