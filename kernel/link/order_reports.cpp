#include "link/order_reports.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/history_line.h"
#include "base/log.h"
#include "protocol/refused.h"
#include "trust/command_trust.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kTellAgainNs = 600 * kSecondNs;
constexpr std::size_t kMaxTold = 256;
constexpr std::size_t kMaxLogged = 1024;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxReportLine = 4096;
constexpr std::size_t kMaxLines = 1000;

std::string cut(std::string text, std::size_t most) {
  if (text.size() > most) text.resize(most);
  return text;
}

Result<> putItem(Spool& spool, const Json& item, Keep keep) {
  return spool.put(
      {item.at("id").get<std::string>(), item.at("kind").get<std::string>(), "", true, keep, dumpJson(item)});
}

}  // namespace

std::string OrderReports::stateItem(const StateReport& report) const {
  Json item = {{"kind", "command_state"},
               {"id", report.id},
               {"at", toRfc3339(report.at_ns != 0 ? report.at_ns : clock_.epochNs())},
               {"command_id", report.command_id},
               {"state", report.state},
               {"by", report.by}};
  if (!report.code.empty()) item["code"] = report.code;
  if (!report.text.empty()) item["text"] = cut(report.text, kMaxText);
  if (report.results.is_array()) item["results"] = report.results;
  return dumpJson(item);
}

Result<> OrderReports::putState(const std::string& item) {
  const auto json = parseJson(item, {.bytes = item.size(), .depth = 32, .values = 4'000'000});
  if (!json) return fail(Code::kCorrupt, "a report of an order is damaged: " + json.error().text);
  const auto put =
      spool_.put({json->value("id", ""), json->value("kind", ""), "", true, Keep::kAlways, item});
  if (!put && put.error().code == Code::kConflict) return {};  // still there from the last time it was told
  return put;
}

bool OrderReports::loggedBefore(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (std::find(logged_.begin(), logged_.end(), id) != logged_.end()) return true;
  logged_.push_back(id);
  if (logged_.size() > kMaxLogged) logged_.pop_front();
  return false;
}

void OrderReports::step(const Step& step) {
  if (loggedBefore(step.id)) return;
  spdlog::info("{}", historyLine({step.at_ns != 0 ? step.at_ns : clock_.epochNs(), "redflag-agent", "orders",
                                  step.command_id, agent_id_, step.action, step.from, step.to, step.actor,
                                  step.code}));
}

bool OrderReports::toldLately(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = clock_.monotonicNs();
  const auto it = told_ns_.find(key);
  if (it != told_ns_.end() && now - it->second < kTellAgainNs) return true;
  if (told_ns_.size() >= kMaxTold) told_ns_.clear();
  told_ns_[key] = now;
  return false;
}

void OrderReports::refusal(const std::string& command_id, const std::string& code, const std::string& text,
                           const std::string& by) {
  ++refused_;
  if (toldLately(command_id + ' ' + code)) return;
  spdlog::warn("order {} refused by the {}: {}: {}",
               command_id.empty() ? "without a readable id" : command_id, by, code, text);
  const std::string id = newId();
  step({id, command_id, "", "", "refused", by, code});
  putRefusal(id, command_id, code, text, by);
}

bool OrderReports::distrust(const std::string& text) {
  if (toldLately(std::string(kTrustRefused) + ' ' + text)) return false;
  return putRefusal(newId(), "", kTrustRefused, text, "kernel");
}

void OrderReports::connection(const std::string& text) {
  if (toldLately(protocol::refusal::kConnection)) return;
  spdlog::warn("the executor cut a connection off: {}", text);
  putRefusal(newId(), "", protocol::refusal::kConnection, text, "executor");
}

bool OrderReports::putRefusal(const std::string& id, const std::string& command_id, const std::string& code,
                              const std::string& text, const std::string& by) {
  Json item = {{"kind", "refusal"},           {"id", id}, {"at", toRfc3339(clock_.epochNs())}, {"code", code},
               {"text", cut(text, kMaxText)}, {"by", by}};
  if (!command_id.empty()) item["command_id"] = command_id;
  const auto put = putItem(spool_, item, Keep::kAlways);
  if (!put) spdlog::error("spool: spool.not_kept: the refusal could not be kept: {}", put.error().text);
  return put.has_value();
}

void OrderReports::log(const Log& log) {
  const std::string at = toRfc3339(log.at_ns != 0 ? log.at_ns : clock_.epochNs());
  Json lines = Json::array();
  for (const auto& line : log.lines) {
    if (lines.size() == kMaxLines) break;
    lines.push_back({{"at", at}, {"text", cut(line, kMaxReportLine)}});
  }
  Json item = {{"kind", "command_log"},
               {"id", newId()},
               {"at", at},
               {"command_id", log.command_id},
               {"lines", std::move(lines)}};
  if (log.percent >= 0) item["percent"] = log.percent;
  if (!log.progress.empty()) item["progress"] = cut(log.progress, kMaxText);
  // A full spool drops log lines first; that this one was dropped is no event.
  if (auto ok = putItem(spool_, item, Keep::kThin); !ok && ok.error().code != Code::kLimit) {
    spdlog::error("spool: spool.not_kept: a log line of order {} could not be kept: {}", log.command_id,
                  ok.error().text);
  }
}

}  // namespace redflag::kernel
