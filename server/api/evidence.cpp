#include "api/evidence.h"

#include <algorithm>

#include "api/views.h"
#include "store/commands.h"
#include "store/scans.h"

namespace redflag::api {
namespace {

constexpr std::size_t kShownLines = 2'000;

Json commandView(const store::ReadTransaction& tx, const store::Command& command) {
  Json json = view(command);
  json["plan_hash"] = textOrNull(command.plan_hash);
  json["results"] = parsedOr(command.results, Json());
  json["log"] = Json::array();
  for (const auto& line : tx.commands().log(command, kShownLines))
    json["log"].push_back({{"seq", line.seq}, {"at", timeOrNull(line.at)}, {"text", line.text}});
  return json;
}

// The order that the update waited for last, and the ones it came from: the plan before the install.
Json commandsView(const store::ReadTransaction& tx, const store::Update& update) {
  Json commands = Json::array();
  std::string id = update.command_id;
  for (int i = 0; i < 3 && !id.empty(); ++i) {
    const auto command = tx.commands().find(id, http::Visible::everything());
    if (!command || command->agent_id != update.agent_id) break;
    commands.insert(commands.begin(), commandView(tx, *command));
    id = command->parent_id;
  }
  return commands;
}

// A scan of a plugin without scopes has one, whose key is empty.
std::string statusOf(const store::Scan& scan, const std::string& scope) {
  const auto found = std::find_if(scan.scopes.begin(), scan.scopes.end(),
                                  [&](const store::ScopeStatus& one) { return one.key == scope; });
  if (found != scan.scopes.end()) return found->status;
  return scan.complete ? "gone" : "unknown";
}

Json proofView(const store::ReadTransaction& tx, const store::Update& update,
               const store::UpdateEvidence& evidence) {
  if (evidence.proof_scan_id.empty()) return nullptr;
  const store::AgentKey agent{update.agent_id, update.client_id, update.site_id, {}};
  const auto scan = tx.scans().find(agent, evidence.proof_scan_id);
  if (!scan) return nullptr;
  return {{"scan_id", scan->id},
          {"at", timeOrNull(scan->started_at)},
          {"received_at", timeOrNull(scan->received_at)},
          {"purpose", scan->purpose},
          {"trigger", scan->trigger},
          {"plugin", scan->plugin},
          {"plugin_version", scan->plugin_version},
          {"status", scan->status},
          {"complete", scan->complete},
          {"scope", evidence.scope},
          {"scope_status", statusOf(*scan, evidence.scope)},
          {"boot_id", textOrNull(scan->boot_id)},
          {"command_id", textOrNull(scan->command_id)},
          {"reports", scan->reports}};
}

}  // namespace

Json evidenceView(const store::ReadTransaction& tx, const store::Update& update, const Prospects& prospects) {
  const store::UpdateEvidence evidence = tx.updates().evidence(update);
  Json json = view(update, prospects.of(update));
  json["approval"] = nullptr;
  if (!evidence.approval_id.empty()) {
    json["approval"] = {{"id", evidence.approval_id},
                        {"by", evidence.approved_by},
                        {"at", timeOrNull(evidence.approved_at)},
                        {"version", update.record.candidate_version}};
  }
  json["versions"] = {{"before", textOrNull(update.record.installed_version)},
                      {"approved", update.record.candidate_version},
                      {"after", textOrNull(evidence.proof_version)}};
  json["reboot"] = {{"needed", evidence.reboot_required},
                    {"installed_in_boot", textOrNull(evidence.install_boot_id)}};
  json["proof"] = proofView(tx, update, evidence);
  json["commands"] = commandsView(tx, update);
  return json;
}

}  // namespace redflag::api
