#include "swarm/judge.h"

#include <algorithm>
#include <map>

namespace redflag::swarm {
namespace {

constexpr std::size_t kFindings = 20;

void find(Verdict& verdict, std::int64_t& counter, const std::string& what) {
  ++counter;
  if (verdict.findings.size() < kFindings) verdict.findings.push_back(what);
}

bool isOneOf(const std::string& state, std::initializer_list<const char*> states) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

void judgeOrder(const StoredCommand& command, const AgentRecord& known, Verdict& verdict) {
  const auto count = known.executed.find(command.id);
  const int executed = count == known.executed.end() ? 0 : count->second;
  const bool by_clone = known.executed_by_clone.contains(command.id);
  const auto told = known.told_state.find(command.id);
  auto& orders = verdict.orders;
  const std::string what = "order " + command.id + " of agent " + command.agent_id + ": ";
  if (executed > 1) find(verdict, orders.duplicate, what + "executed " + std::to_string(executed) + " times");
  if (executed > 0 && by_clone) ++orders.cloned_twice;
  if (executed > 0 || by_clone) ++orders.executed;
  if (isOneOf(command.state, {"succeeded", "failed"})) {
    if (executed == 0 && !by_clone) find(verdict, orders.lost, what + command.state + ", and never executed");
    const bool another = told != known.told_state.end() && told->second != command.state && !known.cloned;
    if (another) find(verdict, orders.lost, what + "told as " + told->second + ", kept as " + command.state);
  } else if (isOneOf(command.state, {"refused", "expired", "cancelled"})) {
    if (executed > 0 && !known.cloned) {
      find(verdict, orders.lost, what + command.state + ", but executed");
    } else if (executed == 0) {
      ++orders.not_executed;
    }
  } else if (told != known.told_state.end()) {
    find(verdict, orders.lost,
         what + "the server took its end (" + told->second + ") and says " + command.state);
  } else {
    ++orders.unfinished;
  }
}

}  // namespace

void judgeUploads(const std::string& agent_id, const AgentRecord& known, const StoredScans& stored,
                  Verdict& verdict) {
  auto& uploads = verdict.uploads;
  std::set<std::string> there;
  for (const std::string& id : stored.ids) {
    ++uploads.stored;
    const std::string what = "scan " + id + " of agent " + agent_id;
    if (!there.insert(id).second) find(verdict, uploads.duplicate, what + ": stored twice");
    if (!known.sent_scans.contains(id)) find(verdict, uploads.unknown, what + ": stored, and nobody sent it");
  }
  std::set<std::string> acknowledged(known.acknowledged_scans.begin(), known.acknowledged_scans.end());
  uploads.acknowledged += static_cast<std::int64_t>(acknowledged.size());
  for (const std::string& id : acknowledged) {
    if (!there.contains(id))
      find(verdict, uploads.lost, "scan " + id + " of agent " + agent_id + ": acknowledged, and not stored");
  }
  for (const std::string& id : known.rejected_scans)
    find(verdict, uploads.lost, "scan " + id + " of agent " + agent_id + ": rejected");
}

void judgeOrders(const std::map<std::string, AgentRecord>& known, const std::vector<StoredCommand>& stored,
                 const std::set<std::string>& promised, const std::string& type, Verdict& verdict) {
  static const AgentRecord nobody;
  std::set<std::string> there;
  verdict.orders.asked = static_cast<std::int64_t>(promised.size());
  for (const StoredCommand& command : stored) {
    ++verdict.orders.stored;
    const std::string what = "order " + command.id;
    if (!there.insert(command.id).second) find(verdict, verdict.orders.duplicate, what + ": listed twice");
    if (command.type == type && !promised.contains(command.id))
      find(verdict, verdict.orders.duplicate, what + ": exists, and was promised to nobody");
    const auto agent = known.find(command.agent_id);
    judgeOrder(command, agent == known.end() ? nobody : agent->second, verdict);
  }
  for (const std::string& id : promised)
    if (!there.contains(id)) find(verdict, verdict.orders.lost, "order " + id + ": promised, and not there");
  for (const auto& [agent_id, record] : known) {
    for (const auto& [id, count] : record.executed)
      if (!there.contains(id))
        find(verdict, verdict.orders.lost, "order " + id + ": executed, and not there");
    for (const auto& [id, state] : record.told_state)
      if (!there.contains(id) && !record.executed.contains(id))
        find(verdict, verdict.orders.lost, "order " + id + ": told as " + state + ", and not there");
  }
}

Result<Verdict> judge(Person& person, const Ledger& ledger, const std::set<std::string>& promised,
                      const std::string& type) {
  Verdict verdict;
  for (const auto& [agent_id, record] : ledger.agents()) {
    StoredScans stored;
    const auto ok = person.list("/api/v1/agents/" + agent_id + "/scans",
                                [&](const Json& scan) { stored.ids.push_back(scan.value("id", "")); });
    if (!ok) return tl::unexpected<Error>(ok.error());
    judgeUploads(agent_id, record, stored, verdict);
  }
  std::vector<StoredCommand> commands;
  const auto ok = person.list("/api/v1/commands", [&](const Json& command) {
    StoredCommand one{command.value("id", ""), command.value("type", ""), command.value("agent_id", ""),
                      command.value("state", ""), command.value("actor", "")};
    // Other agents of this server are none of the fleet's business.
    if (ledger.agents().contains(one.agent_id)) commands.push_back(std::move(one));
  });
  if (!ok) return tl::unexpected<Error>(ok.error());
  judgeOrders(ledger.agents(), commands, promised, type, verdict);
  return verdict;
}

Report reportOf(const std::optional<Verdict>& verdict, bool settled) {
  Report json = {{"judged", verdict.has_value()}};
  if (verdict) json.update(verdict->report());
  json["settled"] = settled;
  if (!verdict) return json;
  json["lost"] = verdict->lost();
  json["duplicate"] = verdict->duplicate();
  return json;
}

Report Verdict::report() const {
  return {{"uploads",
           {{"acknowledged", uploads.acknowledged},
            {"stored", uploads.stored},
            {"lost", uploads.lost},
            {"duplicate", uploads.duplicate},
            {"unknown", uploads.unknown}}},
          {"orders",
           {{"asked", orders.asked},
            {"stored", orders.stored},
            {"executed", orders.executed},
            {"not_executed", orders.not_executed},
            {"unfinished", orders.unfinished},
            {"cloned_twice", orders.cloned_twice},
            {"lost", orders.lost},
            {"duplicate", orders.duplicate}}},
          {"findings", findings}};
}

}  // namespace redflag::swarm
