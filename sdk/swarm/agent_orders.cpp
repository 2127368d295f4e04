// The order's way through a simulated agent. Each step is written down before the next; it may die between
// any two.
#include "base/encoding.h"
#include "base/time.h"
#include "swarm/agent.h"

namespace redflag::swarm {

void SimulatedAgent::takeOrders(const Json& answer) {
  for (const Json& transport : answer.value("commands", Json::array())) {
    takeOrder(transport);
    if (!alive_) return;
  }
}

void SimulatedAgent::takeOrder(const Json& transport) {
  Judgement judgement = judgeOrder(transport, {agent_id_, client_id_, world_.commands}, journal_, localNow());
  switch (judgement.kind) {
    case Judgement::Kind::kRefused:
      return refuse(judgement.refusal);
    case Judgement::Kind::kNew:
      return accept(judgement);
    case Judgement::Kind::kKnown: {
      const std::string& id = judgement.envelope.command_id;
      JournaledOrder& order = journal_.at(id);
      tellAccepted(id, order);
      if (!order.state.empty()) tellOutcome(id, order);
    }
  }
}

void SimulatedAgent::refuse(const Refusal& refusal) {
  ++world_.progress.refused;
  world_.statistics.failed("refused." + refusal.code);
  Json item = {{"kind", "refusal"},    {"id", newId()},        {"at", toRfc3339(localNow())},
               {"code", refusal.code}, {"text", refusal.text}, {"by", "kernel"}};
  if (!refusal.command_id.empty()) item["command_id"] = refusal.command_id;
  put({item["id"], SpoolItem::Kind::kReport, localNow(), 0, "", "", refusal.command_id, "", dumpJson(item)});
}

bool SimulatedAgent::report(const std::string& item_id, const std::string& command_id,
                            const std::string& state, Json more) {
  const bool installs = more.value("installs", false);
  more.erase("installs");
  Json item = {{"kind", "command_state"},  {"id", item_id},  {"at", toRfc3339(localNow())},
               {"command_id", command_id}, {"state", state}, {"by", installs ? "executor" : "kernel"}};
  item.update(more);
  const bool ends = state != "accepted" && state != "running";
  return put({item_id, SpoolItem::Kind::kReport, localNow(), 0, "", "", command_id, ends ? state : "",
              dumpJson(item)});
}

void SimulatedAgent::accept(Judgement& judgement) {
  JournaledOrder order;
  order.envelope = std::move(judgement.envelope);
  order.identity = std::move(judgement.identity);
  order.accepted_item = newId();
  order.outcome_item = newId();
  const std::string id = order.envelope.command_id;
  const auto& written = journal_.emplace(id, std::move(order)).first->second;
  ++world_.progress.open_orders;
  if (mayDie()) return;
  tellAccepted(id, written);
  begin(id);
}

void SimulatedAgent::tellAccepted(const std::string& command_id, const JournaledOrder& order) {
  report(order.accepted_item, command_id, "accepted", Json::object());
}

void SimulatedAgent::begin(const std::string& command_id) {
  const auto ns = durationNs(journal_.at(command_id).envelope, random_);
  if (const std::int64_t ordered = world_.progress.broadcast_ns; ordered != 0)
    world_.statistics.took("broadcast", monotonicNow() - ordered);
  if (const auto asked = clone_ ? std::nullopt : world_.ledger.begun(agent_id_))
    world_.statistics.took("order_to_start", monotonicNow() - *asked);
  report(newId(), command_id, "running", Json::object());
  running_[command_id] = world_.reactor.in(ns, [this, command_id] {
    running_.erase(command_id);
    finish(command_id);
  });
}

void SimulatedAgent::finish(const std::string& command_id) {
  JournaledOrder& order = journal_.at(command_id);
  Outcome outcome;
  const std::string scan_id = newId();
  if (auto valid = protocol::checkValidity(order.envelope, localNow()); !valid) {
    outcome = {"refused", valid.error().code, valid.error().text, Json(), false, false};
  } else {
    outcome = carryOut(order.envelope, scan_id, random_);
  }
  if (outcome.scans)
    put({scan_id, SpoolItem::Kind::kUpdates, localNow(), revision_, "updates", "command", command_id, "",
         ""});
  // In one step, as an installing process does: it took effect, and this is written down.
  order.state = outcome.state;
  order.results = {{"code", outcome.code},
                   {"text", outcome.text},
                   {"results", outcome.results},
                   {"installs", outcome.installs}};
  if (outcome.state != "refused") {
    ++world_.progress.executed;
    if (isInstall(order.envelope)) ++world_.progress.installs;
    world_.ledger.executed(agent_id_, command_id, clone_);
  }
  if (outcome.installs) {
    for (const Json& step : outcome.results.front().value("steps", Json::array()))
      installed_[step.value("name", "") + ":" + step.value("arch", "")] = step.value("to", "");
  }
  if (mayDie()) return;
  tellOutcome(command_id, order);
  pump();
}

void SimulatedAgent::tellOutcome(const std::string& command_id, JournaledOrder& order) {
  Json more = Json::object();
  for (const char* key : {"code", "text"})
    if (!order.results[key].get_ref<const std::string&>().empty()) more[key] = order.results[key];
  if (order.results["results"].is_array()) more["results"] = order.results["results"];
  more["installs"] = order.results["installs"];
  const bool first = !order.told;
  const bool waits = report(order.outcome_item, command_id, order.state, std::move(more));
  // Told again it is open again, until that is acknowledged as well.
  if (!first && waits) ++world_.progress.open_orders;
  order.told = true;
  if (first && order.results["installs"] == true) {
    put({newId(), SpoolItem::Kind::kUpdates, localNow(), revision_, "verify", "verify", command_id, "", ""});
  }
}

}  // namespace redflag::swarm
