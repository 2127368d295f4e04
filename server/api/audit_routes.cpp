#include <algorithm>

#include "api/heavy_answers.h"
#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/encoding.h"
#include "store/audit.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr std::size_t kMaxExport = 64U << 20;
constexpr std::size_t kExportsAtOnce = 2;

std::int64_t timeIn(const Query& query, const char* name, std::int64_t fallback) {
  const std::string text = query.text(name, 40);
  if (text.empty()) return fallback;
  const auto time = fromRfc3339(text);
  if (!time) refuseParameter(name, "a time such as 2026-01-31T08:00:00Z");
  return *time;
}

const services::AuditKeeper& keeperOf(const services::Services& services) {
  if (services.context().audit == nullptr)
    throw http::Problem{503, "audit.not_kept", "this program does not sign the audit log"};
  return *services.context().audit;
}

http::Response listAudit(services::Services& services, const http::Request& request) {
  const Query query(request,
                    {"cursor", "limit", "client_id", "agent_id", "actor", "kind", "severity", "from", "to"});
  store::AuditFilter filter;
  filter.client_id = query.id("client_id");
  filter.agent_id = query.id("agent_id");
  filter.actor = query.text("actor");
  filter.kind = query.text("kind", 64);
  filter.severity = query.choice("severity", {"info", "warning", "error"});
  filter.from = timeIn(query, "from", 0);
  filter.to = timeIn(query, "to", INT64_MAX);
  return http::jsonResponse(200, view(services.store().read([&](const store::ReadTransaction& tx) {
                              return tx.audit().list(filter, request.principal.grants.where("admin"),
                                                     query.page());
                            })));
}

http::Response auditHead(services::Services& services, const http::Request&) {
  const auto& keeper = keeperOf(services);
  const auto last = keeper.last();
  return http::jsonResponse(
      200,
      {{"head", store::toJson(keeper.head())},
       {"verification",
        {{"at", timeOrNull(last.at)}, {"whole", last.verdict.ok}, {"text", textOrNull(last.verdict.text)}}}});
}

// Of the whole client, or of everything (""): 404 for a client that is not seen.
void requireAdminOf(const services::Services& services, const http::Request& request,
                    const std::string& client_id) {
  const auto& grants = request.principal.grants;
  const auto visible = services.store().read(
      [&](const store::ReadTransaction& tx) { return tx.agents().clients(grants.visible()); });
  const bool seen = client_id.empty() || std::any_of(visible.begin(), visible.end(),
                                                     [&](const auto& one) { return one.id == client_id; });
  if (!seen) throw http::Problem{404, "client.not_found", "there is no such client"};
  if (!http::atLeast(grants.roleOver(client_id, ""), "admin"))
    throw http::Problem{403, "role.insufficient", "this asks for the role admin there"};
}

http::Response exportAudit(services::Services& services, const std::shared_ptr<HeavyAnswers>& exports,
                           const http::Request& request) {
  const Query query(request, {"client_id", "from", "to"});
  store::AuditExport what;
  what.client_id = query.id("client_id");
  requireAdminOf(services, request, what.client_id);
  what.from = timeIn(query, "from", 0);
  what.to = timeIn(query, "to", INT64_MAX);
  http::Response out;
  out.until_sent = HeavyAnswers::begin(exports, request.principal.user_id);
  out.content_type = "application/jsonl";
  out.body = keeperOf(services).exported(what, kMaxExport);
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"redflag-audit.jsonl\"");
  return out;
}

}  // namespace

Json view(const store::AuditRecord& record) {
  return {{"seq", record.seq},
          {"at", timeOrNull(record.at)},
          {"client_id", textOrNull(record.client_id)},
          {"agent_id", textOrNull(record.agent_id)},
          {"subsystem", record.subsystem},
          {"actor", record.actor},
          {"peer", textOrNull(record.peer)},
          {"request_id", textOrNull(record.request_id)},
          {"kind", record.kind},
          {"text", record.text},
          {"code", textOrNull(record.code)},
          {"severity", record.severity},
          {"times", record.times},
          {"command_id", textOrNull(record.command_id)},
          {"previous", toHex(record.previous)},
          {"hash", toHex(record.hash)}};
}

void addAuditRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/audit", Permission::kScopedAdmin, listAudit);
  table.add("GET", "/api/v1/audit/head", Permission::kScopedAdmin, auditHead);
  table.addWithQuery("GET", "/api/v1/audit/export", Permission::kScopedAdmin,
                     [exports = std::make_shared<HeavyAnswers>(kExportsAtOnce)](
                         services::Services& all, const http::Request& request) {
                       return exportAudit(all, exports, request);
                     });
}

}  // namespace redflag::api
