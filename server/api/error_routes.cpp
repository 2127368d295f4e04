#include <algorithm>

#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/encoding.h"
#include "store/errors.h"
#include "store/events.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoError = "error.not_found";
constexpr std::size_t kShownRows = 200;
constexpr std::size_t kMaxReported = 20;
constexpr std::size_t kReportBytes = 128U << 10;
constexpr std::size_t kMaxReportId = 64;
constexpr std::int64_t kMaxTimes = 10'000;

bool isReportId(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Json groupView(const store::ErrorGroup& group) {
  return {{"id", group.id},
          {"source", group.source},
          {"subsystem", group.subsystem},
          {"kind", group.kind},
          {"code", textOrNull(group.code)},
          {"severity", group.severity},
          {"text", group.text},
          {"agents", group.agents},
          {"times", group.times},
          {"first_at", timeOrNull(group.first_at)},
          {"last_at", timeOrNull(group.last_at)}};
}

Json rowView(const store::ErrorRow& row) {
  const store::ErrorNote& note = row.newest;
  return {{"agent_id", textOrNull(note.agent_id)},
          {"hostname", textOrNull(row.hostname)},
          {"text", note.text},
          {"detail", textOrNull(note.detail)},
          {"command_id", textOrNull(note.command_id)},
          {"scan_id", textOrNull(note.scan_id)},
          {"actor", textOrNull(note.actor)},
          {"times", row.times},
          {"first_at", timeOrNull(row.first_at)},
          {"last_at", timeOrNull(note.at)}};
}

http::Response listErrors(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "source", "severity", "subsystem", "code", "agent_id",
                              "search", "from", "sort"});
  store::ErrorFilter filter;
  filter.source = query.choice("source", {"agent", "server", "browser"});
  filter.severity = query.choice("severity", {"warning", "error"});
  filter.subsystem = query.text("subsystem", 64);
  filter.code = query.text("code", 128);
  filter.agent_id = query.id("agent_id");
  filter.search = query.text("search");
  if (const std::string from = query.text("from", 40); !from.empty()) {
    const auto time = fromRfc3339(from);
    if (!time) refuseParameter("from", "a time such as 2026-01-31T08:00:00Z");
    filter.from = *time;
  }
  if (const std::string sort = query.choice("sort", {"newest", "worst"}); !sort.empty()) filter.sort = sort;
  const auto page = services.store().read([&](const store::ReadTransaction& tx) {
    return tx.errors().groups(filter, request.principal.grants.visible(), query.page());
  });
  Json items = Json::array();
  for (const auto& group : page.items)
    items.push_back(groupView(group));
  return http::jsonResponse(
      200,
      {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}});
}

http::Response showError(services::Services& services, const http::Request& request) {
  const std::string agent_id = Query(request, {"agent_id"}).id("agent_id");
  const std::string& id = pathId(request, kNoError);
  return services.store().read([&](const store::ReadTransaction& tx) {
    const http::Visible visible = request.principal.grants.visible();
    const auto group = tx.errors().group(id, visible, agent_id);
    if (!group) throw http::Problem{404, kNoError, "there is no such error"};
    Json json = groupView(*group);
    json["rows"] = Json::array();
    for (const auto& row : tx.errors().rows(id, visible, kShownRows, agent_id))
      json["rows"].push_back(rowView(row));
    return http::jsonResponse(200, json);
  });
}

store::ErrorNote readReported(const Json& item, const http::Request& request, std::int64_t now) {
  JsonReader in(item, "body.errors");
  store::ErrorNote note;
  note.at = now;
  note.source = "browser";
  note.subsystem = "web";
  note.kind = "browser.error";
  note.actor = request.principal.username;
  note.report_id = in.text("id", kMaxReportId);
  if (!isReportId(note.report_id)) in.refuse("id", "letters, digits and dashes");
  note.code = in.text("name", 100);
  note.text = in.text("message", 4'096);
  const std::string page = in.text("page", 500);
  const std::string stack = in.optionalText("stack", 8'192);
  note.times = in.integer("times", 1, kMaxTimes);
  if (auto ok = in.finish(); !ok) throw http::Problem{400, "request.invalid", ok.error().text, "/errors"};
  note.detail = page + (stack.empty() ? "" : "\n" + stack);
  return note;
}

// What went wrong in somebody's browser. A report that comes again because its answer was lost is counted
// once.
http::Response report(services::Services& services, const http::Request& request) {
  Body body(request, {kReportBytes, 4, 1'000});
  const std::int64_t now = services.context().now();
  std::vector<store::ErrorNote> notes;
  for (const Json& item : body.in().array("errors", kMaxReported))
    notes.push_back(readReported(item, request, now));
  body.finish();
  services.store().write([&](store::WriteTransaction& tx) {
    for (const auto& note : notes)
      tx.errors().note(note);
    tx.events().publish("", "error", Json::object(), now);
  });
  return nothingToSay();
}

}  // namespace

void addErrorRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/errors", Permission::kViewer, listErrors);
  table.addWithQuery("GET", "/api/v1/errors/{id}", Permission::kViewer, showError);
  table.add("POST", "/api/v1/errors", Permission::kViewer, report).body_limit = kReportBytes;
}

}  // namespace redflag::api
