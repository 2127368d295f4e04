#include "swarm/moments.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr const char* kByApproval = "install_updates";
constexpr std::array kNames = {"arriving", "steady", "broadcast", "storm", "restart", "over"};  // as At
constexpr std::size_t kMostAtOnce = 2'000;  // of one request
constexpr std::int64_t kOrderNs = 120 * kSecondNs;
constexpr std::int64_t kNoticeNs = 30 * kSecondNs;  // that a connection has ended
constexpr auto kGlance = std::chrono::milliseconds(10);

double hundredths(std::int64_t ns) {
  return std::round(static_cast<double>(ns) / 1e7) / 100;
}

}  // namespace

bool Moments::allThere() const {
  return progress_.enrolled == fleet_.agents && progress_.doorbells == fleet_.agents &&
         progress_.spooled == 0 && progress_.fetches == 0;
}

std::size_t Moments::answered() const {
  if (plan_.broadcast == kByApproval) return static_cast<std::size_t>(progress_.installs);
  return static_cast<std::size_t>(progress_.executed + progress_.refused);
}

void Moments::enter(At at) {
  if (at == At::kSteady && plan_.steady_ns == 0) at = At::kBroadcast;
  if (at == At::kBroadcast && plan_.broadcast.empty()) at = At::kStorm;
  if (at == At::kStorm && !plan_.storm) at = At::kRestart;
  if (at == At::kRestart && (!plan_.restart || server_ == nullptr)) at = At::kEnd;
  at_ = at;
  std::fprintf(stderr, "moment: %s\n", kNames[static_cast<std::size_t>(at)]);
  began_ns_ = monotonicNow();
  if (at == At::kSteady && server_ != nullptr) began_cpu_ns_ = server_->cpuNs();
  if (at == At::kStorm) ++progress_.storms;
}

Result<> Moments::step() {
  const std::int64_t lasted = monotonicNow() - began_ns_;
  switch (at_) {
    case At::kArriving:
      if (allThere()) enter(At::kSteady);
      return {};
    case At::kSteady:
      if (lasted < plan_.steady_ns) return {};
      tellSteady();
      enter(At::kBroadcast);
      return {};
    case At::kBroadcast:
      if (command_ids_.empty()) return plan_.broadcast == kByApproval ? approve() : order();
      if (!allThere() || progress_.open_orders > 0 || answered() < expected_) return {};
      report_["broadcast"]["done_s"] = hundredths(lasted);
      enter(At::kStorm);
      return {};
    case At::kStorm:
      cut_ = cut_ || progress_.doorbells < fleet_.agents;
      if (!cut_ || !allThere()) return {};
      report_["storm"] = {{"back_s", hundredths(lasted)}};
      enter(At::kRestart);
      return {};
    case At::kRestart:
      if (!restarted_) return restart();
      if (!allThere()) return {};
      report_["restart"]["back_s"] = hundredths(lasted);
      enter(At::kEnd);
      return {};
    case At::kEnd:
      return {};
  }
  return {};
}

Result<> Moments::restart() {
  if (auto ok = server_->stop(); !ok) return ok;
  // Who has not noticed yet would count as one who is back.
  for (const std::int64_t end = monotonicNow() + kNoticeNs; progress_.doorbells > 0;) {
    if (monotonicNow() > end) return fail(Code::kInternal, "doorbells are open without a server");
    std::this_thread::sleep_for(kGlance);
  }
  if (auto ok = server_->start(); !ok) return ok;
  restarted_ = true;
  report_["restart"] = {{"absent_s", hundredths(monotonicNow() - began_ns_)}};
  return {};
}

void Moments::tellSteady() {
  const std::int64_t lasted = monotonicNow() - began_ns_;
  Report& steady = report_["steady"] = {{"seconds", hundredths(lasted)}};
  if (server_ == nullptr) return;
  const auto spent = static_cast<double>(server_->cpuNs() - began_cpu_ns_);
  steady["cpu_percent"] = std::round(spent / static_cast<double>(lasted) * 10'000) / 100;
  steady["rss_kib"] = server_->rssKib();
}

Result<> Moments::order() {
  const auto ids = ledger_.ids();
  progress_.broadcast_ns = monotonicNow();
  for (std::size_t from = 0; from < ids.size(); from += kMostAtOnce) {
    const std::vector<std::string> some(
        ids.begin() + static_cast<std::ptrdiff_t>(from),
        ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), from + kMostAtOnce)));
    const Json body = {{"type", plan_.broadcast}, {"agent_ids", some}, {"parameters", Json::object()}};
    const std::string key = newId();
    const auto answer =
        person_->patiently([&] { return person_->post("/api/v1/commands", body, key); }, kOrderNs);
    if (!answer) return tl::unexpected<Error>(answer.error());
    for (const Json& command : answer->value("items", Json::array()))
      command_ids_.insert(command.value("id", ""));
  }
  expected_ = command_ids_.size();
  report_["broadcast"] = {{"orders", expected_},
                          {"ordered_s", hundredths(monotonicNow() - progress_.broadcast_ns)}};
  return {};
}

Result<Json> Moments::oneUpdateOfEach() const {
  Json ids = Json::array();
  for (const auto& agent_id : ledger_.ids()) {
    const auto page = person_->patiently(
        [&] { return person_->get("/api/v1/agents/" + agent_id + "/updates?limit=1&state=available"); },
        kOrderNs);
    if (!page) return tl::unexpected<Error>(page.error());
    for (const Json& update : page->value("items", Json::array()))
      ids.push_back(update.at("id"));
  }
  if (ids.empty()) return fail(Code::kUnavailable, "no machine has an update that could be approved");
  return ids;
}

// The server plans each machine's, and orders the install once its plan is what was approved.
Result<> Moments::approve() {
  const auto ids = oneUpdateOfEach();
  if (!ids) return tl::unexpected<Error>(ids.error());
  began_ns_ = monotonicNow();
  progress_.broadcast_ns = began_ns_;
  const std::string key = newId();
  const Json body = {{"update_ids", *ids}};
  const auto answer =
      person_->patiently([&] { return person_->post("/api/v1/approvals", body, key); }, kOrderNs);
  if (!answer) return tl::unexpected<Error>(answer.error());
  for (const Json& id : answer->value("command_ids", Json::array()))
    command_ids_.insert(id.get<std::string>());
  expected_ = answer->value("agents", std::size_t{0});
  report_["broadcast"] = {{"orders", expected_}, {"ordered_s", hundredths(monotonicNow() - began_ns_)}};
  return {};
}

}  // namespace redflag::swarm
