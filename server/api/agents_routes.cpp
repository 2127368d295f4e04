#include <map>

#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/encoding.h"
#include "base/time.h"
#include "store/groups.h"
#include "store/metrics.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoAgent = "agent.not_found";
constexpr int kMaxSeries = 300;
constexpr std::int64_t kHourNs = 3'600 * kSecondNs;

store::Agent agentOf(services::Services& services, const store::ReadTransaction& tx,
                     const http::Request& request) {
  auto agent = tx.agents().find(pathId(request, kNoAgent), request.principal.grants.visible(),
                                services.context().contact());
  if (!agent) throw http::Problem{404, kNoAgent, "there is no such agent"};
  return std::move(*agent);
}

store::AgentKey keyOf(const store::Agent& agent) {
  return {agent.id, agent.client.id, agent.site.id, {}};
}

http::Response listAgents(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "search", "client_id", "site_id", "connection", "breaker",
                              "disk", "reboot", "config", "isolation", "binding", "identity", "sort"});
  store::AgentFilter filter;
  filter.search = query.text("search");
  filter.client_id = query.id("client_id");
  filter.site_id = query.id("site_id");
  filter.connection = query.choice("connection", {"connected", "silent", "never"});
  filter.breaker_open = !query.choice("breaker", {"open"}).empty();
  filter.disk_filling = !query.choice("disk", {"filling"}).empty();
  filter.reboot_pending = !query.choice("reboot", {"pending"}).empty();
  filter.config_invalid = !query.choice("config", {"invalid"}).empty();
  filter.weakly_isolated = !query.choice("isolation", {"weak"}).empty();
  filter.weakly_bound = !query.choice("binding", {"weak"}).empty();
  filter.identity =
      query.choice("identity", {"needs_a_look", "active", "pending", "cloned", "restored", "revoked"});
  const std::string sort = query.choice("sort", {"hostname", "-hostname", "last_seen", "-last_seen",
                                                 "updates", "-updates", "enrolled", "-enrolled"});
  if (!sort.empty()) filter.sort = sort;
  const auto page = services.store().read([&](const store::ReadTransaction& tx) {
    return tx.agents().list(filter, request.principal.grants.visible(), services.context().contact(),
                            query.page());
  });
  return http::jsonResponse(200, view(page));
}

int weight(const std::string& breaker_state) {
  return breaker_state == "open" ? 2 : breaker_state == "half_open" ? 1 : 0;
}

Json breakerView(const store::Breaker& breaker) {
  return {{"state", breaker.state},
          {"since", timeOrNull(breaker.since)},
          {"open_until", timeOrNull(breaker.open_until)},
          {"class", breaker.failure_class},
          {"code", breaker.code},
          {"text", breaker.text}};
}

// What the agent says it has, and what it has told of without (yet) saying so.
Json pluginsView(const store::ReadTransaction& tx, const store::AgentKey& agent) {
  std::map<std::string, store::AgentPlugin> plugins;
  std::map<std::string, store::Breaker> breakers;  // the worst of each plugin's
  std::map<std::string, store::Scan> scans;
  for (auto& plugin : tx.agents().plugins(agent))
    plugins[plugin.id] = plugin;
  for (auto& breaker : tx.agents().breakers(agent)) {
    plugins.try_emplace(breaker.plugin).first->second.id = breaker.plugin;
    auto& worst = breakers[breaker.plugin];
    if (worst.plugin.empty() || weight(breaker.state) > weight(worst.state)) worst = breaker;
  }
  for (auto& scan : tx.scans().newest(agent)) {
    plugins.try_emplace(scan.plugin).first->second.id = scan.plugin;
    scans[scan.plugin] = scan;
  }
  Json items = Json::array();
  for (const auto& [id, plugin] : plugins) {
    const auto scan = scans.find(id);
    items.push_back({{"id", id},
                     {"name", plugin.name.empty() ? id : plugin.name},
                     {"version", plugin.version},
                     {"interfaces", plugin.interfaces},
                     {"state", plugin.state},
                     {"text", plugin.text},
                     {"breaker", breakerView(breakers[id])},
                     {"last_scan", scan == scans.end() ? Json() : view(scan->second)}});
  }
  return items;
}

// Who holds this agent's state, as the documents of each say.
Json documentsView(const store::ReadTransaction& tx, const store::Agent& agent) {
  Json items = Json::array();
  for (const auto& line : tx.agents().lines(keyOf(agent))) {
    items.push_back({{"id", line.id},
                     {"number", line.number},
                     {"newest", line.id == agent.standing.line},
                     {"boot_id", line.boot_id},
                     {"machine", toHex(line.machine).substr(0, 16)},
                     {"peer", line.peer},
                     {"began_at", timeOrNull(line.began_at)},
                     {"seen_at", timeOrNull(line.seen_at)}});
  }
  return items;
}

http::Response showAgent(services::Services& services, const http::Request& request) {
  return services.store().read([&](const store::ReadTransaction& tx) {
    const store::Agent agent = agentOf(services, tx, request);
    const store::AgentKey key = keyOf(agent);
    Json json = view(agent);
    json["boot_id"] = agent.boot_id;
    json["window"] = windowOfAgent(tx, agent, services.context().now());
    json["kernel"] = agent.kernel;
    json["groups"] = Json::array();
    for (const auto& group : tx.groups().of(agent.client.id, agent.id))
      json["groups"].push_back({{"id", group.id}, {"name", group.name}});
    json["documents"] = documentsView(tx, agent);
    json["plugins"] = pluginsView(tx, key);
    json["facts"] = Json::array();
    for (const auto& fact : tx.scans().facts(key)) {
      json["facts"].push_back({{"name", fact.name}, {"value", parsedOr(fact.value, Json())}});
    }
    return http::jsonResponse(200, json);
  });
}

http::Response history(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit"});
  return services.store().read([&](const store::ReadTransaction& tx) {
    const store::Agent agent = agentOf(services, tx, request);
    return http::jsonResponse(200, view(tx.events().history(agent.client.id, agent.id, query.page())));
  });
}

Json viewOf(const std::vector<store::MetricSeries>& all) {
  Json items = Json::array();
  for (const auto& series : all) {
    Json points = Json::array();
    for (const auto& point : series.points)
      points.push_back({point.at / kSecondNs, point.low, point.high});
    items.push_back({{"name", series.newest.name},
                     {"label", series.newest.label},
                     {"value", series.newest.value},
                     {"at", toRfc3339(series.at)},
                     {"points", std::move(points)}});
  }
  return items;
}

// Its plugin's page shows one scan without these.
Json listedScan(const store::Scan& scan) {
  Json json = view(scan);
  json["plugin"] = scan.plugin;
  json["plugin_version"] = scan.plugin_version;
  json["trigger"] = scan.trigger;
  json["command_id"] = textOrNull(scan.command_id);
  json["received_at"] = timeOrNull(scan.received_at);
  return json;
}

http::Response listScans(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit"});
  return services.store().read([&](const store::ReadTransaction& tx) {
    const auto page = tx.scans().list(keyOf(agentOf(services, tx, request)), query.page());
    Json items = Json::array();
    for (const auto& scan : page.items)
      items.push_back(listedScan(scan));
    return http::jsonResponse(
        200,
        {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}});
  });
}

http::Response listRecordKinds(services::Services& services, const http::Request& request) {
  return services.store().read([&](const store::ReadTransaction& tx) {
    Json items = Json::array();
    for (const auto& [kind, count] : tx.scans().recordKinds(keyOf(agentOf(services, tx, request))))
      items.push_back({{"kind", kind}, {"count", count}});
    return http::jsonResponse(200, {{"items", std::move(items)}});
  });
}

http::Response listRecords(services::Services& services, const http::Request& request) {
  const Query query(request, {"kind", "search", "cursor", "limit"});
  const store::RecordFilter filter{query.text("kind"), query.text("search")};
  return services.store().read([&](const store::ReadTransaction& tx) {
    const auto agent = agentOf(services, tx, request);
    if (filter.kind.empty()) refuseParameter("kind", "a kind of record, such as package/1");
    return http::jsonResponse(200, view(tx.scans().records(keyOf(agent), filter, query.page())));
  });
}

struct Period {
  std::int64_t length_ns;
  std::int64_t step_ns;
};

Period periodOf(const std::string& name) {
  if (name == "week") return {7 * store::kMetricDayNs, kHourNs};
  if (name == "year") return {365 * store::kMetricDayNs, store::kMetricDayNs};
  return {store::kMetricDayNs, store::kMetricPointNs};
}

http::Response listMetrics(services::Services& services, const http::Request& request) {
  const Query query(request, {"period"});
  const auto period = periodOf(query.choice("period", {"day", "week", "year"}));
  const std::int64_t now = services.context().now();
  return services.store().read([&](const store::ReadTransaction& tx) {
    const auto agent = agentOf(services, tx, request);
    auto all = tx.metrics().series(keyOf(agent), {now - period.length_ns, period.step_ns}, kMaxSeries + 1);
    const bool more = all.size() > kMaxSeries;
    if (more) all.pop_back();
    return http::jsonResponse(200, {{"from", toRfc3339(now - period.length_ns)},
                                    {"to", toRfc3339(now)},
                                    {"step_s", period.step_ns / kSecondNs},
                                    {"items", viewOf(all)},
                                    {"more", more}});
  });
}

}  // namespace

void addAgentRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/agents", Permission::kViewer, listAgents);
  table.add("GET", "/api/v1/agents/{id}", Permission::kViewer, showAgent);
  table.addWithQuery("GET", "/api/v1/agents/{id}/history", Permission::kViewer, history);
  table.addWithQuery("GET", "/api/v1/agents/{id}/metrics", Permission::kViewer, listMetrics);
  table.addWithQuery("GET", "/api/v1/agents/{id}/scans", Permission::kViewer, listScans);
  table.add("GET", "/api/v1/agents/{id}/record-kinds", Permission::kViewer, listRecordKinds);
  table.addWithQuery("GET", "/api/v1/agents/{id}/records", Permission::kViewer, listRecords);
}

}  // namespace redflag::api
