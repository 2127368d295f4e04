#pragma once
// Doubles of the rooms around the link; the spool is the real one.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"
#include "link/agent_control.h"
#include "link/order_runner.h"
#include "schedule/scanner.h"
#include "spool/spool.h"
#include "temporary_folder.h"

namespace redflag::kernel::test {

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now_ns - set_back_ns; }
  std::int64_t monotonicNs() const override { return now_ns; }
  std::int64_t now_ns = epochNow();
  std::int64_t set_back_ns = 0;
};

class FakeScanner : public Scanner {
 public:
  Result<std::vector<std::string>> scan(const ScanRequest& request) override {
    std::unique_lock lock(mutex);
    scans.push_back(request);
    changed.notify_all();
    changed.wait(lock, [this] { return !hold; });
    if (scan_error) return tl::unexpected<Error>(*scan_error);
    return std::vector<std::string>{"scan-" + std::to_string(scans.size())};
  }
  Result<Json> runUpdater(const std::string& plugin, const std::string& operation, const Json& request,
                          const std::string&) override {
    const std::lock_guard lock(mutex);
    updaters.push_back({{"plugin", plugin}, {"operation", operation}, {"request", request}});
    return plan;
  }
  Result<Json> listActions(const std::string& plugin) override {
    const std::lock_guard lock(mutex);
    const auto known = actions.find(plugin);
    if (known == actions.end()) return fail(Code::kUnsupported, "the plugin does not offer rf.actions/1");
    return known->second;
  }
  Result<Json> runAction(const std::string& plugin, const std::string& action, const Json& parameters,
                         const std::string&) override {
    const std::lock_guard lock(mutex);
    actions_run.push_back({{"plugin", plugin}, {"action", action}, {"parameters", parameters}});
    return Json{{"done", true}};
  }
  Json status() const override {
    const std::lock_guard lock(mutex);
    if (status_asked_at == 0) status_asked_at = epochNow();
    std::this_thread::sleep_for(status_takes);
    return facts;
  }
  bool waitForScans(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(5), [&] { return scans.size() >= count; });
  }
  void release() {
    const std::lock_guard lock(mutex);
    hold = false;
    changed.notify_all();
  }
  void setFact(const char* name, const char* value) {
    const std::lock_guard lock(mutex);
    facts[name] = value;
  }

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<ScanRequest> scans;
  std::vector<Json> updaters;
  std::map<std::string, Json> actions;  // what listActions() answers
  std::vector<Json> actions_run;
  std::optional<Error> scan_error;
  bool hold = false;  // scans do not return
  Json plan = {{"steps", Json::array()}};
  Json facts = {{"hostname", "h"}};
  mutable std::int64_t status_asked_at = 0;  // for the first time
  std::chrono::milliseconds status_takes{0};
};

class FakeAgent : public AgentControl {
 public:
  Json diagnostics(std::size_t log_lines) const override { return {{"log_lines", log_lines}}; }
  Result<Json> hurry(std::int64_t minutes, std::int64_t every_s) override {
    return Json{{"minutes", minutes}, {"every_s", every_s}};
  }
  Result<Json> configure(const Json& settings) override {
    if (settings.contains("mode")) return fail(Code::kDenied, "mode is not the server's to set");
    return Json{{"settings", settings}};
  }
};

class FakeRunner : public OrderRunner {
 public:
  Result<OrderEvent> submit(const Json& envelope, const Json&) override {
    submitted.push_back(envelope);
    while_asked();
    if (taken == room) return fail(Code::kLimit, "too many orders wait already");
    if (!there) return fail(Code::kUnavailable, "no executor");
    ++taken;
    return next;
  }
  Result<bool> cancel(const std::string& command_id) override {
    cancelled.push_back(command_id);
    return can_cancel;
  }
  Result<> ack(const std::string& command_id) override {
    acked.push_back(command_id);
    return {};
  }
  void attach(std::function<bool(const OrderEvent&)> function) override { callback = std::move(function); }

  bool there = true;
  std::function<void()> while_asked = [] {};
  std::size_t room = SIZE_MAX;  // how many it takes
  std::size_t taken = 0;
  bool can_cancel = false;
  OrderEvent next;
  std::vector<Json> submitted;
  std::vector<std::string> cancelled;
  std::vector<std::string> acked;
  std::function<bool(const OrderEvent&)> callback;
};

class SpoolFixture {
 public:
  explicit SpoolFixture(const std::filesystem::path& folder, std::uint64_t max_bytes = 1U << 20)
      : spool(Spool::open(folder / "spool.db", max_bytes).value()) {}

  std::vector<Json> items(const std::string& kind = "") const {
    std::vector<Json> out;
    const auto stored = spool->oldest(10'000, 1U << 30);
    for (const auto& item : stored.value()) {
      Json json = parseJson(item.body, {.bytes = 1U << 24}).value();
      if (kind.empty() || json.value("kind", "") == kind) out.push_back(std::move(json));
    }
    return out;
  }
  // "accepted running succeeded" of one command, in order.
  std::string states(const std::string& command_id) const {
    std::string out;
    for (const auto& item : items("command_state")) {
      if (item.at("command_id") != command_id) continue;
      out += (out.empty() ? "" : " ") + item.at("state").get<std::string>();
    }
    return out;
  }
  bool put(const std::string& kind, const Json& members = Json::object(), Keep keep = Keep::kAlways) const {
    Json item = {{"kind", kind}, {"id", newId()}, {"at", toRfc3339(epochNow())}};
    item.update(members);
    return spool->put({item.at("id"), kind, "", true, keep, dumpJson(item)}).has_value();
  }
  bool fill() const {
    for (int i = 0; !spool->full() && i < 1000; ++i)
      put("command_state", {{"text", std::string(100'000, 'x')}});
    return spool->full();
  }

  std::unique_ptr<Spool> spool;
};

}  // namespace redflag::kernel::test
