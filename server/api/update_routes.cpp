#include "api/evidence.h"
#include "api/idempotency.h"
#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr std::size_t kMaxApproved = 20'000;
constexpr std::size_t kApprovalBytes = 1U << 20;

std::vector<store::UpdateState> statesOf(const Query& query) {
  std::vector<store::UpdateState> states;
  for (const auto& name : query.list("state")) {
    const auto state = store::updateState(name);
    if (!state) refuseParameter("state", "states of an update, separated by commas");
    states.push_back(*state);
  }
  return states;
}

std::string categoryOf(const Query& query) {
  return query.choice("category",
                      {"security", "bugfix", "enhancement", "driver", "firmware", "feature", "unknown"});
}

store::UpdateFilter filterOf(const Query& query) {
  store::UpdateFilter filter;
  filter.category = categoryOf(query);
  filter.search = query.text("search");
  filter.states = statesOf(query);
  const std::string installable = query.choice("installable", {"1", "0"});
  if (!installable.empty()) filter.installable = installable == "1";
  return filter;
}

http::Response rowsOf(services::Services& services, const store::UpdateFilter& filter,
                      const http::Visible& visible, const Query& query) {
  return http::jsonResponse(200, services.store().read([&](const store::ReadTransaction& tx) {
    const auto page = tx.updates().list(filter, visible, services.context().contact(), query.page());
    return view(page, Prospects(tx, services.context().types, page.items, services.context().now()));
  }));
}

http::Response rows(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "agent_id", "category", "state", "search", "manager", "name",
                              "arch", "version", "installable"});
  store::UpdateFilter filter = filterOf(query);
  filter.agent_id = query.id("agent_id");
  filter.manager = query.text("manager");
  filter.name = query.text("name", 1'024);
  filter.arch = query.text("arch");
  filter.version = query.text("version", 1'024);
  return rowsOf(services, filter, request.principal.grants.visible(), query);
}

http::Response ofAgent(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "category", "state", "search", "installable"});
  store::UpdateFilter filter = filterOf(query);
  filter.agent_id = pathId(request, "agent.not_found");
  const bool known = services.store().read([&](const store::ReadTransaction& tx) {
    return tx.agents()
        .find(filter.agent_id, request.principal.grants.visible(), services.context().contact())
        .has_value();
  });
  if (!known) throw http::Problem{404, "agent.not_found", "there is no such agent"};
  return rowsOf(services, filter, request.principal.grants.visible(), query);
}

http::Response showUpdate(services::Services& services, const http::Request& request) {
  store::UpdateFilter filter;
  filter.ids = {pathId(request, "update.not_found")};
  return services.store().read([&](const store::ReadTransaction& tx) {
    const auto found =
        tx.updates().list(filter, request.principal.grants.visible(), services.context().contact(), {1, ""});
    if (found.items.empty()) throw http::Problem{404, "update.not_found", "there is no such update"};
    return http::jsonResponse(
        200, evidenceView(tx, found.items.front(),
                          Prospects(tx, services.context().types, found.items, services.context().now())));
  });
}

http::Response groups(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "category", "search", "state"});
  const store::UpdateFilter filter = filterOf(query);
  return http::jsonResponse(200, view(services.store().read([&](const store::ReadTransaction& tx) {
                              return tx.updates().groups(filter, request.principal.grants.visible(),
                                                         query.page());
                            })));
}

struct ApprovalWish {
  services::Selection selection;
  std::string outside;  // why outside of maintenance windows, or ""
};

ApprovalWish approvalWishIn(const http::Request& request) {
  Body body(request, {kApprovalBytes, 4, 3 * kMaxApproved});
  ApprovalWish wish;
  wish.outside = readOptionalWhy(body.in(), "outside_window");
  if (body.in().find("group") == nullptr) {
    wish.selection.update_ids = readIds(body.in(), "update_ids", kMaxApproved);
    body.finish();
    return wish;
  }
  JsonReader group(body.in().object("group"), "body.group");
  wish.selection.group =
      store::UpdateGroupKey{group.text("manager", 128), group.text("name", 1'024), group.text("arch", 128),
                            group.text("candidate_version", 1'024)};
  if (auto ok = group.finish(); !ok) throw http::Problem{400, "request.invalid", ok.error().text, "/group"};
  body.finish();
  return wish;
}

http::Response approve(services::Services& services, const http::Request& request) {
  const Query query(request, {"preview"});
  const bool preview = !query.choice("preview", {"1"}).empty();
  const ApprovalWish wish = approvalWishIn(request);
  if (preview)
    return http::jsonResponse(200, view(services.approvals.preview(wish.selection, actorOf(request))));
  const Idempotency idempotency(services.store(), request);
  if (idempotency.previous()) return *idempotency.previous();
  http::Response response;
  services.approvals.approve(
      wish.selection, actorOf(request),
      [&](store::WriteTransaction& tx, const services::ApprovalOutcome& outcome) {
        response = http::jsonResponse(201, view(outcome));
        idempotency.remember(tx, response, services.context().now());
      },
      services::Approvals::How::kOrder, wish.outside);
  return response;
}

}  // namespace

void addUpdateRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/agents/{id}/updates", Permission::kViewer, ofAgent);
  table.addWithQuery("GET", "/api/v1/updates", Permission::kViewer, groups);
  table.addWithQuery("GET", "/api/v1/updates/rows", Permission::kViewer, rows);
  table.add("GET", "/api/v1/updates/{id}", Permission::kViewer, showUpdate);
  table.addWithQuery("POST", "/api/v1/approvals", Permission::kApprover, approve).body_limit = kApprovalBytes;
}

}  // namespace redflag::api
