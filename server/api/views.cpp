#include "api/views.h"

#include "base/time.h"

namespace redflag::api {
namespace {

Json named(const store::Named& named) {
  return {{"id", named.id}, {"name", named.name}};
}

}  // namespace

Json timeOrNull(std::int64_t epoch_ns) {
  return epoch_ns == 0 ? Json() : Json(toRfc3339(epoch_ns));
}

Json textOrNull(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json reasonOrNull(const store::Reason& reason) {
  if (reason.code.empty() && reason.text.empty()) return {};
  return {{"code", reason.code}, {"text", reason.text}};
}

Json parsedOr(const std::string& text, Json fallback) {
  if (text.empty()) return fallback;
  auto json = parseJson(text, {64U << 20, 32, 4'000'000});
  return json ? std::move(*json) : std::move(fallback);
}

Json view(const store::Agent& agent) {
  Json json = {{"id", agent.id},
               {"hostname", agent.hostname},
               {"client", named(agent.client)},
               {"site", named(agent.site)},
               {"os_name", agent.os_name},
               {"os_version", agent.os_version},
               {"agent_version", agent.agent_version},
               {"mode", agent.mode},
               {"isolation", agent.isolation},
               {"connection", agent.connection},
               {"last_seen_at", timeOrNull(agent.last_seen_at)},
               {"enrolled_at", timeOrNull(agent.enrolled_at)},
               {"identity",
                {{"state", agent.standing.state},
                 {"reason", agent.standing.reason},
                 {"since", timeOrNull(agent.standing.since)}}},
               {"updates",
                {{"available", agent.updates.available},
                 {"installable", agent.updates.installable},
                 {"security", agent.updates.security},
                 {"ignored", agent.updates.ignored}}},
               {"breakers_open", agent.breakers_open},
               {"last_scan", nullptr},
               {"config", {{"state", agent.config_state}, {"text", agent.config_text}}}};
  if (const auto& scan = agent.last_scan) {
    json["last_scan"] = {{"at", timeOrNull(scan->at)},
                         {"plugin", scan->plugin},
                         {"status", scan->status},
                         {"complete", scan->complete}};
  }
  return json;
}

namespace {

Json ignoredOrNull(const store::Update& update) {
  if (update.state != store::UpdateState::kIgnored) return {};
  return {{"rule_id", update.ignored_by},
          {"by", update.ignored_author},
          {"until", timeOrNull(update.ignored_until)},
          {"reason", update.reason.text}};
}

}  // namespace

Json view(const store::Update& update, const Prospect& prospect) {
  const store::UpdateRecord& record = update.record;
  const auto obstacle = services::notApprovable(update);
  const Outlook outlook = outlookOf(update, prospect);
  return {{"id", update.id},
          {"agent_id", update.agent_id},
          {"client_id", update.client_id},
          {"site_id", update.site_id},
          {"hostname", update.hostname},
          {"manager", record.manager},
          {"key", record.key},
          {"name", record.name},
          {"arch", record.arch},
          {"installed_version", record.installed_version},
          {"candidate_version", record.candidate_version},
          {"source_package", record.source_package},
          {"origin", record.origin},
          {"category", record.category},
          {"severity", record.severity},
          {"blocked_by", textOrNull(record.blocked_by)},
          {"download_bytes", record.download_bytes ? Json(*record.download_bytes) : Json()},
          {"needs_reboot", record.needs_reboot ? Json(*record.needs_reboot) : Json()},
          {"advisories", record.advisories},
          {"cves", record.cves},
          {"state", store::name(update.state)},
          {"state_since", timeOrNull(update.state_since)},
          {"reason", reasonOrNull(update.reason)},
          {"waiting_for", textOrNull(outlook.waiting_for)},
          {"next", textOrNull(outlook.next)},
          {"ignored", ignoredOrNull(update)},
          {"command_id", textOrNull(update.command_id)},
          {"first_seen_at", timeOrNull(update.first_seen_at)},
          {"approvable", !obstacle.has_value()},
          {"not_approvable_because", obstacle ? Json(obstacle->text) : Json()}};
}

Json view(const store::Page<store::Update>& page, const Prospects& prospects) {
  Json items = Json::array();
  for (const auto& update : page.items)
    items.push_back(view(update, prospects.of(update)));
  return {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}};
}

Json view(const store::UpdateGroup& group) {
  return {{"manager", group.key.manager},
          {"name", group.key.name},
          {"arch", group.key.arch},
          {"candidate_version", group.key.candidate_version},
          {"installed_versions", group.installed_versions},
          {"category", group.category},
          {"severity", group.severity},
          {"origin", group.origin},
          {"agents", group.agents},
          {"clients", group.clients},
          {"installable", group.installable},
          {"approvable", group.approvable},
          {"states", group.states},
          {"first_seen_at", timeOrNull(group.first_seen_at)}};
}

namespace {

Json windowOrNull(const store::Command& command) {
  if (command.window.empty()) return {};
  return {{"text", command.window},
          {"opens_at", timeOrNull(opensAt(command))},
          {"missed", command.windows_missed},
          {"gives_up_at", timeOrNull(command.gives_up_at)}};
}

}  // namespace

Json view(const std::vector<services::WindowHint>& hints) {
  Json items = Json::array();
  for (const auto& hint : hints) {
    items.push_back({{"window", textOrNull(hint.window)},
                     {"opens_at", timeOrNull(hint.opens_at)},
                     {"closes_at", timeOrNull(hint.closes_at)},
                     {"agents", hint.agents}});
  }
  return items;
}

Json view(const store::Command& command) {
  return {{"id", command.id},
          {"type", command.type},
          {"title", command.title},
          {"agent_id", command.agent_id},
          {"client_id", command.client_id},
          {"site_id", command.site_id},
          {"hostname", command.hostname},
          {"state", store::name(command.state)},
          {"state_since", timeOrNull(command.state_since)},
          {"created_at", timeOrNull(command.created_at)},
          {"actor", command.actor},
          {"not_before", timeOrNull(command.not_before)},
          {"expires_at", timeOrNull(command.expires_at)},
          {"window", windowOrNull(command)},
          {"outside_window", textOrNull(command.outside_reason)},
          {"retry_of", textOrNull(command.retry_of)},
          {"order_id", textOrNull(command.order_id)},
          {"approved_by", textOrNull(command.approved_by)},
          {"cancel_asked", command.cancel_asked},
          {"percent", command.percent ? Json(*command.percent) : Json()},
          {"progress", textOrNull(command.progress)},
          {"reason", reasonOrNull(command.reason)}};
}

Json view(const store::HistoryEntry& entry) {
  return {{"seq", entry.seq},
          {"at", timeOrNull(entry.at)},
          {"subsystem", entry.subsystem},
          {"actor", entry.actor},
          {"kind", entry.kind},
          {"text", entry.text},
          {"code", textOrNull(entry.code)},
          {"severity", entry.severity},
          {"command_id", textOrNull(entry.command_id)},
          {"scan_id", textOrNull(entry.scan_id)}};
}

Json view(const store::ShownRecord& shown) {
  Json fields = parsedOr(shown.record.body, Json::object());
  for (const char* known : {"record", "scope"})
    fields.erase(known);
  return {{"kind", shown.record.kind},
          {"plugin", shown.plugin},
          {"scope", shown.record.scope},
          {"at", timeOrNull(shown.at)},
          {"fields", std::move(fields)}};
}

Json view(const store::Scan& scan) {
  Json scopes = Json::array();
  for (const auto& scope : scan.scopes)
    scopes.push_back({{"key", scope.key}, {"status", scope.status}});
  return {{"id", scan.id},
          {"at", timeOrNull(scan.started_at)},
          {"purpose", scan.purpose},
          {"status", scan.status},
          {"complete", scan.complete},
          {"duration_ms", scan.duration_ms},
          {"scopes", std::move(scopes)},
          {"reports", scan.reports},
          {"cut", scan.cut}};
}

Json view(const services::ApprovalOutcome& outcome) {
  Json skipped = Json::array();
  for (const auto& update : outcome.skipped) {
    skipped.push_back({{"update_id", update.update_id},
                       {"hostname", update.hostname},
                       {"name", update.name},
                       {"code", update.reason.code},
                       {"text", update.reason.text}});
  }
  return {{"approval_id", textOrNull(outcome.approval_id)},
          {"approved", outcome.approved},
          {"agents", outcome.agents},
          {"skipped", std::move(skipped)},
          {"command_ids", outcome.command_ids},
          {"awaiting_approval", outcome.awaiting_approval},
          {"waits", view(outcome.waits)}};
}

}  // namespace redflag::api
