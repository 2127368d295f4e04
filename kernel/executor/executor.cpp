#include "executor/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/time.h"
#include "executor/action_run.h"
#include "executor/log.h"
#include "redflag/draft/actions.h"
#include "redflag/draft/updater.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;

constexpr std::int64_t kMaxWaiting = 100;
constexpr std::int64_t kRetryNs = 2 * kSecondNs;
constexpr std::int64_t kLookForRebootNs = 10 * kSecondNs;
constexpr const char* kItsTurn = "the machine carries out one order after the other";

tl::unexpected<protocol::Refused> handOn(const protocol::Refused& why) {
  return tl::unexpected<protocol::Refused>(why);
}

bool takesRebootsBack(const Outcome& outcome) {
  const Json& results = outcome.results;
  return outcome.state == "succeeded" && !results.empty() && results.front().is_object() &&
         results.front().value("reboot_cancelled", Json()) == true;
}

}  // namespace

Executor::Executor(ExecutorOptions options, RulesSource& rules, OrderKeys& keys, const Clock& clock)
    : options_(std::move(options)),
      rules_(rules),
      keys_(keys),
      clock_(clock),
      history_(options_.state_folder),
      keeper_(options_.state_folder) {}

Executor::~Executor() {
  stop();
}

Result<> Executor::start() {
  if (auto ok = keeper_.openExisting(); !ok) return ok;
  tidyRuns();
  worker_ = std::thread([this] { work(); });
  return {};
}

// An executor that was killed between an acknowledgement and its tidying up left these.
void Executor::tidyRuns() {
  Journal* journal = keeper_.current();
  const auto needed = journal == nullptr ? Result<std::vector<JournalEntry>>() : journal->unacknowledged();
  if (!needed) return;
  std::set<std::string> ids;
  for (const JournalEntry& entry : *needed)
    ids.insert(entry.order.command_id);
  std::error_code error;
  for (const auto& run : std::filesystem::directory_iterator(options_.state_folder / "runs", error)) {
    const std::string id = run.path().filename().string();
    if (!ids.contains(id)) forgetRun(options_.state_folder / "runs", id);
  }
}

void Executor::stop() {
  stop_ = true;
  {
    const std::lock_guard lock(wake_mutex_);
    wake_.notify_all();
  }
  if (worker_.joinable()) worker_.join();
}

Json Executor::handle(const Json& request) {
  JsonReader in(request, "request");
  const std::string op = in.text("op", 16);
  if (op == "submit") {
    const Json& envelope = in.object("envelope");
    const Json* handed = in.find("trust");
    if (auto ok = in.finish(); !ok) return errorEvent(ok.error().text, clock_.epochNs());
    return submit(envelope, handed == nullptr ? Json() : *handed);
  }
  const std::string command_id = op == "status" ? "" : in.text("command_id", protocol::kMaxIdBytes);
  if (auto ok = in.finish(); !ok) return errorEvent(ok.error().text, clock_.epochNs());
  if (op == "cancel") return cancel(command_id);
  if (op == "ack") return acknowledge(command_id);
  if (op == "status") return status();
  return errorEvent("request.op: expected submit, cancel, attach, ack or status", clock_.epochNs());
}

Json Executor::submit(const Json& transport, const Json& handed) {
  const std::lock_guard lock(submit_mutex_);
  std::string command_id;
  const auto considered = consider(transport, handed, command_id);
  if (!considered) {
    // That too many wait is told to whoever hands it over, and is no error here.
    if (considered.error().code != Code::kLimit) complain("order.not_taken", considered.error().text);
    return errorEvent(considered.error().text, clock_.epochNs(), considered.error().code == Code::kLimit);
  }
  if (*considered) return stateEvent(**considered);
  ++refused_;
  const protocol::Refused& why = considered->error();
  logLine("warning", fmt::format("order {} is refused ({}): {}", command_id, why.code, why.text));
  history_.refused(command_id, why.code, clock_.epochNs());
  return refusedEvent(command_id, why, clock_.epochNs());
}

Result<protocol::Verdict<JournalEntry>> Executor::consider(const Json& transport, const Json& handed,
                                                           std::string& command_id) {
  const auto trust = loadExecutorTrust(options_.state_folder);
  if (!trust) return handOn({refusal::kUnknownKey, "this executor trusts no key: " + trust.error().text});
  const auto keys = keys_.commands(handed);
  if (!keys) return handOn({refusal::kUnknownKey, "this executor trusts no key: " + keys.error().text});
  const auto envelope = verifyEnvelope(transport, *trust, *keys, clock_.epochNs());
  if (!envelope) return handOn(envelope.error());
  command_id = envelope->command_id;
  const auto journal = keeper_.forOrders(*trust);
  if (!journal && journal.error().code == Code::kConflict) {
    return handOn({refusal::kReplayed, journal.error().text});
  }
  if (!journal) return tl::unexpected<Error>(journal.error());
  auto known = (*journal)->find(envelope->command_id);
  if (!known) return tl::unexpected<Error>(known.error());
  if (*known) {
    if ((*known)->order.identity == protocol::identityHash(*envelope)) return std::move(**known);
    return handOn({refusal::kIdReused, "another order with this id was accepted before"});
  }
  const auto floor = (*journal)->epochFloor();
  if (!floor) return tl::unexpected<Error>(floor.error());
  const auto order = admit(*envelope, *floor);
  if (!order) return handOn(order.error());
  const auto waiting = (*journal)->waiting();
  if (!waiting) return tl::unexpected<Error>(waiting.error());
  if (*waiting >= kMaxWaiting) return fail(Code::kLimit, "too many orders wait already");
  auto entry = (*journal)->accept(*order, clock_.epochNs(), clock_.monotonicNs(), options_.boot_id);
  if (!entry) return tl::unexpected<Error>(entry.error());
  history_.entered(*entry, "");
  tell(stateEvent(*entry));
  const std::lock_guard lock(wake_mutex_);
  work_waits_ = true;
  wake_.notify_all();
  return std::move(*entry);
}

protocol::Verdict<Order> Executor::admit(const protocol::Envelope& envelope, std::int64_t epoch_floor) {
  if (auto ok = protocol::checkTimes(envelope, clock_.epochNs()); !ok) return handOn(ok.error());
  if (envelope.restore_epoch < epoch_floor) {
    return handOn({refusal::kOldEpoch, "issued before the server was restored"});
  }
  auto order = orderFrom(envelope);
  if (!order) return order;
  const auto rules = rules_.read();
  if (!rules) return handOn({refusal::kPolicy, rules.error().text});
  if (!(*rules)->act()) return handOn({refusal::kModeReport, "this machine is in report mode"});
  const char* needed = bindsPlan(*order) ? RF_UPDATER_1 : RF_ACTIONS_1;
  if (const auto setup = (*rules)->plugin(order->plugin, needed); !setup) {
    return handOn({refusal::kUnknownAction, setup.error().text});
  }
  return order;
}

Json Executor::cancel(const std::string& command_id) {
  Json answer = {{"event", "cancel"}, {"command_id", command_id}, {"cancelled", false}};
  Journal* journal = keeper_.current();
  if (journal == nullptr) return answer;
  const auto cancelled = journal->cancel(command_id, clock_.epochNs());
  if (!cancelled) return errorEvent(cancelled.error().text, clock_.epochNs());
  if (!*cancelled) return answer;
  history_.entered(**cancelled, "accepted");
  tell(stateEvent(**cancelled));
  answer["cancelled"] = true;
  return answer;
}

Json Executor::acknowledge(const std::string& command_id) {
  Json answer = {{"event", "ack"}, {"command_id", command_id}};
  Journal* journal = keeper_.current();
  if (journal == nullptr) return answer;
  const auto first = journal->acknowledge(command_id);
  if (!first) return errorEvent(first.error().text, clock_.epochNs());
  if (*first) forgetRun(options_.state_folder / "runs", command_id);
  return answer;
}

Json Executor::status() {
  Json out = {{"event", "status"},
              {"version", REDFLAG_VERSION},
              {"refused", refused_.load()},
              {"rejected_connections", rejected_connections_.load()},
              {"config", {{"state", "ok"}, {"text", ""}}},
              {"trust", {{"state", "ok"}, {"text", ""}}}};
  const auto rules = rules_.read();
  if (!rules) out["config"] = {{"state", "invalid"}, {"text", rules.error().text}};
  if (rules) out["mode"] = (*rules)->act() ? "act" : "report";
  const auto trust = loadExecutorTrust(options_.state_folder);
  if (!trust) out["trust"] = {{"state", "invalid"}, {"text", trust.error().text}};
  if (trust) {
    if (const auto journal = keeper_.forOrders(*trust); !journal) {
      out["trust"] = {{"state", "invalid"}, {"text", journal.error().text}};
    }
  }
  Journal* journal = keeper_.current();
  out["queued"] = journal == nullptr ? 0 : journal->waiting().value_or(0);
  const std::lock_guard lock(wake_mutex_);
  out["running"] = running_;
  return out;
}

std::uint64_t Executor::attach(EventSink sink) {
  const std::lock_guard lock(sinks_mutex_);
  // Under the lock nobody is told anything: what happens meanwhile comes after the present states.
  if (Journal* journal = keeper_.current(); journal != nullptr) {
    if (const auto open = journal->unacknowledged(); open) {
      for (const JournalEntry& entry : *open) {
        sink(stateEvent(entry));
        const auto awaited = awaited_.find(entry.order.command_id);
        if (entry.phase == Phase::kWaiting && awaited != awaited_.end())
          sink(progressEvent(awaited->first, -1, awaited->second, clock_.epochNs()));
      }
    }
  }
  for (Json* untold : {&untold_rejection_, &untold_error_}) {
    if (!untold->is_null()) sink(std::exchange(*untold, Json()));
  }
  sinks_.emplace(next_sink_, std::move(sink));
  return next_sink_++;
}

void Executor::detach(std::uint64_t id) {
  const std::lock_guard lock(sinks_mutex_);
  sinks_.erase(id);
}

void Executor::tell(const Json& event) {
  const std::lock_guard lock(sinks_mutex_);
  for (const auto& [id, sink] : sinks_)
    sink(event);
}

void Executor::connectionRejected(const std::string& why) {
  const std::uint64_t count = ++rejected_connections_;
  logLine("warning", "a connection is cut off: " + why);
  const std::string text = fmt::format("{}; {} in all since the executor began", why, count);
  tellSomebody(refusedEvent("", {refusal::kConnection, text}, clock_.epochNs()), untold_rejection_);
}

void Executor::complain(const char* code, const std::string& text) {
  logLine("error", fmt::format("{}: {}", code, text));
  Json event = errorEvent(text, clock_.epochNs());
  event["code"] = code;
  tellSomebody(event, untold_error_);
}

void Executor::tellSomebody(const Json& event, Json& untold) {
  const std::lock_guard lock(sinks_mutex_);
  if (sinks_.empty()) untold = event;
  for (const auto& [id, sink] : sinks_)
    sink(event);
}

void Executor::work() {
  while (!stop_) {
    Journal* journal = keeper_.current();
    const auto reboot = journal == nullptr ? std::nullopt : watchReboots(*journal);
    const std::int64_t reboots_in = reboot.value_or(INT64_MAX);
    // An install would be cut off in the middle; everything else is done, taking the reboot back among it,
    // and one that has expired is told as that without waiting any longer.
    const bool soon = reboots_in < options_.limits.soft_ns;
    const std::int64_t held_after = soon ? clock_.epochNs() : INT64_MAX;
    if (soon) tellHeld(*journal, held_after, reboots_in);
    auto next = journal == nullptr ? Result<std::optional<JournalEntry>>() : journal->next(held_after);
    if (!next) {
      complain("journal.failed", next.error().text);
      pauseFor(kRetryNs);
    } else if (*next) {
      carryOut(*journal, std::move(**next));
    } else {
      std::unique_lock lock(wake_mutex_);
      const auto due = [this] { return stop_ || work_waits_; };
      if (reboot) {
        wake_.wait_for(lock, std::chrono::nanoseconds(kLookForRebootNs), due);
      } else {
        wake_.wait(lock, due);
      }
      work_waits_ = false;
    }
  }
}

std::optional<std::int64_t> Executor::watchReboots(Journal& journal) {
  auto waiting = journal.rebooting();
  if (!waiting) {
    complain("journal.failed", waiting.error().text);
    return INT64_MAX;
  }
  std::optional<std::int64_t> first;
  for (auto place = waiting->begin(); place != waiting->end(); ++place) {
    JournalEntry& entry = *place;
    const bool replaced = std::any_of(place + 1, waiting->end(), [&](const JournalEntry& younger) {
      return replacesReboot(younger, entry, options_.boot_id);
    });
    const std::int64_t now = clock_.monotonicNs();
    auto outcome = afterReboot(entry, {options_.boot_id, options_.kernel}, now);
    if (replaced)
      outcome = Outcome{"cancelled", "reboot.replaced", "another order has set another time", Json::array()};
    if (outcome) {
      finish(journal, entry, *outcome);
      tellAwaited(journal, 0, kItsTurn);
    } else {
      first = std::min(first.value_or(INT64_MAX), rebootsIn(entry, now));
    }
  }
  return first;
}

void Executor::tellHeld(Journal& journal, std::int64_t held_after, std::int64_t reboots_in) {
  tellAwaited(journal, held_after,
              fmt::format("the machine is restarted first, as was ordered, at about {}",
                          toRfc3339(clock_.epochNs() + reboots_in)));
}

// What it waits for is no state of an order: it is told as the progress of one that has made none.
void Executor::tellAwaited(Journal& journal, std::int64_t held_after, const std::string& text) {
  const auto held = journal.held(held_after);
  if (!held) return complain("journal.failed", held.error().text);
  const std::lock_guard lock(sinks_mutex_);
  std::map<std::string, std::string> awaited;
  for (const JournalEntry& entry : *held) {
    const std::string& id = entry.order.command_id;
    const auto known = awaited_.find(id);
    // When the restart comes is reckoned anew each time.
    const bool told = known != awaited_.end() && (known->second == kItsTurn) == (text == kItsTurn);
    awaited.emplace(id, told ? known->second : text);
    if (told) continue;
    for (const auto& [sink_id, sink] : sinks_)
      sink(progressEvent(id, -1, text, clock_.epochNs()));
  }
  awaited_ = std::move(awaited);
}

void Executor::withdrawReboots(Journal& journal, const std::string& plugin) {
  auto waiting = journal.rebooting();
  if (!waiting) return complain("journal.failed", waiting.error().text);
  for (JournalEntry& entry : *waiting) {
    if (entry.order.plugin != plugin) continue;
    finish(journal, entry, {"cancelled", "reboot.cancelled", "another order took it back", Json::array()});
    tellAwaited(journal, 0, kItsTurn);
  }
}

std::optional<Outcome> Executor::perform(Journal& journal, JournalEntry& entry) {
  HostWork hosts(
      options_.host_program, options_.scratch, options_.state_folder / "runs", options_.groups, journal,
      clock_, [this](const Json& event) { tell(event); }, stop_);
  if (bindsPlan(entry.order)) {
    return Installer(options_.limits, rules_, hosts, clock_, options_.boot_id).run(entry);
  }
  return ActionRun(options_.limits.action_ns, rules_, hosts, journal, clock_,
                   {options_.boot_id, options_.kernel})
      .run(entry);
}

void Executor::carryOut(Journal& journal, JournalEntry entry) {
  if (entry.phase == Phase::kWaiting) {
    const auto begun = journal.begin(entry, clock_.epochNs());
    if (!begun) {
      complain("journal.failed", begun.error().text);
      pauseFor(kRetryNs);
    }
    if (!begun || !*begun) return;
    history_.entered(entry, "accepted");
    tell(stateEvent(entry));
  }
  {
    const std::lock_guard lock(wake_mutex_);
    running_ = entry.order.command_id;
  }
  if (const auto outcome = perform(journal, entry)) {
    finish(journal, entry, *outcome);
    if (takesRebootsBack(*outcome)) withdrawReboots(journal, entry.order.plugin);
  }
  const std::lock_guard lock(wake_mutex_);
  running_.clear();
}

// The outcome is not lost while the disk is full: the host's own record is still there when we come again.
void Executor::finish(Journal& journal, JournalEntry& entry, const Outcome& outcome) {
  while (!stop_) {
    const auto finished = journal.finish(entry, outcome, clock_.epochNs());
    if (finished) {
      logLine("info", fmt::format("{}: {} {}", entry.order.command_id, outcome.state, outcome.text));
      history_.entered(entry, "running");
      tell(stateEvent(entry));
      return;
    }
    complain("journal.failed", finished.error().text);
    pauseFor(kRetryNs);
  }
}

bool Executor::pauseFor(std::int64_t ns) {
  std::unique_lock lock(wake_mutex_);
  wake_.wait_for(lock, std::chrono::nanoseconds(ns), [this] { return stop_.load(); });
  return !stop_;
}

}  // namespace redflag::kernel
