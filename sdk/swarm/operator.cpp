#include "swarm/operator.h"

#include <chrono>
#include <vector>

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kInsistNs = 120 * kSecondNs;
constexpr std::int64_t kMostAgents = 5;
constexpr auto kNap = std::chrono::milliseconds(20);

}  // namespace

void takePromises(const Json& items, std::int64_t asked_ns, std::set<std::string>& command_ids,
                  Ledger& ledger) {
  std::set<std::string> under_way;
  for (const Json& command : items) {
    if (!command_ids.insert(command.value("id", "")).second) under_way.insert(command.value("agent_id", ""));
  }
  ledger.notAsked(under_way, asked_ns);
}

void Operator::start() {
  thread_ = std::thread([this] { run(); });
}

void Operator::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Operator::run() {
  std::int64_t next = monotonicNow();
  while (!stopping_) {
    if (monotonicNow() < next) {
      std::this_thread::sleep_for(kNap);
      continue;
    }
    orderOnce();
    next = monotonicNow() + static_cast<std::int64_t>(random_.waiting(static_cast<double>(plan_.every_ns)));
  }
}

Result<Json> Operator::insist(const std::string& path, const Json& body) {
  const std::string key = newId();
  ++asked_;
  return person_.patiently(
      [&] {
        if (random_.chance(plan_.lost_reply)) person_.loseNextReply();
        return person_.post(path, body, key);
      },
      kInsistNs);
}

void Operator::orderOnce() {
  const auto ids = ledger_.ids();
  if (ids.empty()) return;
  const std::int64_t count = random_.between(1, kMostAgents);
  std::set<std::string> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    chosen.insert(ids[random_.below(ids.size())]);
  const auto done = plan_.command == "install_updates" ? approve(*chosen.begin()) : order(chosen);
  if (!done && error_.empty()) error_ = done.error().text;
}

Result<> Operator::order(const std::set<std::string>& agent_ids) {
  const std::int64_t asked_ns = monotonicNow();
  ledger_.asked(agent_ids, asked_ns);
  const auto answer =
      insist("/api/v1/commands",
             {{"type", plan_.command}, {"agent_ids", agent_ids}, {"parameters", Json::object()}});
  if (!answer) {
    ledger_.notAsked(agent_ids, asked_ns);
    return tl::unexpected<Error>(answer.error());
  }
  takePromises(answer->value("items", Json::array()), asked_ns, command_ids_, ledger_);
  return {};
}

Result<> Operator::approve(const std::string& agent_id) {
  constexpr std::size_t kMostRows = 3;
  const auto page = person_.patiently(
      [&] { return person_.get("/api/v1/agents/" + agent_id + "/updates?limit=50"); }, kInsistNs);
  if (!page) return tl::unexpected<Error>(page.error());
  Json rows = Json::array();
  for (const Json& update : page->value("items", Json::array()))
    if (update.value("state", "") == "available" && rows.size() < kMostRows) rows.push_back(update["id"]);
  if (rows.empty()) return {};
  const std::int64_t asked_ns = monotonicNow();
  ledger_.asked({agent_id}, asked_ns);
  const auto answer = insist("/api/v1/approvals", {{"update_ids", rows}});
  if (!answer || answer->value("command_ids", Json::array()).empty()) ledger_.notAsked({agent_id}, asked_ns);
  if (!answer) return tl::unexpected<Error>(answer.error());
  for (const Json& id : answer->value("command_ids", Json::array()))
    command_ids_.insert(id.get<std::string>());
  return {};
}

}  // namespace redflag::swarm
