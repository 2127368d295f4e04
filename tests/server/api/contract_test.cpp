// openapi.json and the route table are the same thing said twice: every route of one is in the other, with
// the same permission, and what handlers answer has the members that the contract promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "api/openapi.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "store/errors.h"
#include "store/profiles.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

// The front's and sign-in's own routes (server/README.md).
const std::set<std::string> kFrontRoutes = {"GET /api/v1/setup",
                                            "POST /api/v1/setup",
                                            "POST /api/v1/session",
                                            "POST /api/v1/session/second-factor",
                                            "POST /api/v1/session/step-up",
                                            "GET /api/v1/account/second-factor",
                                            "POST /api/v1/account/second-factor",
                                            "POST /api/v1/account/second-factor/confirm",
                                            "POST /api/v1/account/second-factor/recovery-codes",
                                            "POST /api/v1/account/second-factor/off",
                                            "GET /api/v1/account/sessions",
                                            "DELETE /api/v1/account/sessions",
                                            "DELETE /api/v1/account/sessions/{id}",
                                            "POST /api/v1/users/{id}/second-factor/reset",
                                            "GET /api/v1/session",
                                            "DELETE /api/v1/session",
                                            "PUT /api/v1/session/password",
                                            "GET /api/v1/events",
                                            "GET /agent/v1/doorbell",
                                            "GET /healthz",
                                            "GET /readyz",
                                            "GET /api/v1/rate-limits",
                                            "PUT /api/v1/rate-limits/{policy}",
                                            "DELETE /api/v1/rate-limits/{policy}",
                                            "GET /metrics"};

std::string fileText() {
  std::ifstream in(REDFLAG_OPENAPI);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

const Json& contract() {
  static const Json json = parseJson(fileText(), {4U << 20, 64, 500'000}).value();
  return json;
}

std::map<std::string, std::string> written() {
  std::map<std::string, std::string> routes;
  for (const auto& [path, methods] : contract()["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string upper = method;
      for (char& c : upper)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      routes[upper + " " + path] = operation["x-permission"];
    }
  }
  return routes;
}

const char* nameOf(http::Permission permission) {
  switch (permission) {
    case http::Permission::kAnyone:
      return "anyone";
    case http::Permission::kEnrolling:
      return "enrolling";
    case http::Permission::kRenewing:
      return "renewing";
    case http::Permission::kAgent:
      return "agent";
    case http::Permission::kSignedIn:
      return "signed-in";
    case http::Permission::kViewer:
      return "viewer";
    case http::Permission::kTechnician:
      return "technician";
    case http::Permission::kApprover:
      return "approver";
    case http::Permission::kScopedAdmin:
      return "scoped-admin";
    case http::Permission::kAdmin:
      return "admin";
    case http::Permission::kMetrics:
      return "metrics";
  }
  return "";
}

TEST(Contract, every_route_is_written_down_and_every_written_one_exists) {
  World world;
  std::map<std::string, std::string> built;
  const auto key = protocol::SigningKey::generate();
  const trust::Repository repository("none", {key, key});
  auth::Passwords passwords;
  for (const auto& routes : {api::apiRoutes(world.services), api::accountRoutes(world.services, passwords),
                             api::agentRoutes(world.services), api::trustRoutes(repository)}) {
    for (const auto& route : routes) {
      EXPECT_TRUE(built.emplace(route.method + " " + route.path, nameOf(route.permission)).second)
          << route.path;
    }
  }
  auto expected = written();
  for (const auto& route : kFrontRoutes)
    EXPECT_EQ(expected.erase(route), 1U) << route;
  EXPECT_EQ(built, expected);
}

// Whether the contract says that a service account's token opens it.
bool opensToTokens(const Json& operation) {
  const Json ways = operation.value("security", contract()["security"]);
  return std::any_of(ways.begin(), ways.end(), [](const Json& way) { return way.contains("token"); });
}

// How a handler refuses a request with these parameters and this body; {} if it does not.
http::Problem refusalOf(const http::Route& route, const std::map<std::string, std::string>& query,
                        const std::string& body = "") {
  http::Request request;
  request.method = route.method;
  request.path = route.path;
  request.principal.grants = http::Grants::everywhere("admin");
  for (const auto& [name, value] : query)
    request.query[name] = value;
  request.body = body;
  try {
    route.handler(request);
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {};
}

TEST(Contract, every_route_takes_the_parameters_that_are_written_down_and_no_others) {
  World world;
  auth::Passwords passwords({1, 8192});
  for (const auto& routes : {api::apiRoutes(world.services), api::accountRoutes(world.services, passwords)}) {
    for (const auto& route : routes) {
      const auto unknown = refusalOf(route, {{"surprise", "1"}});
      EXPECT_EQ(unknown.code, "request.bad_parameter") << route.method << ' ' << route.path;
      EXPECT_EQ(unknown.field, "surprise") << route.method << ' ' << route.path;
      std::string method = route.method;
      for (char& c : method)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      for (Json parameter : contract()["paths"][route.path][method].value("parameters", Json::array())) {
        if (parameter.contains("$ref"))
          parameter = contract().at(Json::json_pointer(parameter["$ref"].get<std::string>().substr(1)));
        if (parameter["in"] != "query") continue;
        const std::string name = parameter["name"];
        EXPECT_NE(refusalOf(route, {{name, ""}}).field, name) << route.method << ' ' << route.path;
      }
    }
  }
}

TEST(Contract, says_which_routes_need_a_proof) {
  World world;
  auth::Passwords passwords({1, 8192});
  std::size_t proven = 0;
  for (const auto& routes : {api::apiRoutes(world.services), api::accountRoutes(world.services, passwords)}) {
    for (const auto& route : routes) {
      std::string method = route.method;
      for (char& c : method)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const bool told = contract()["paths"][route.path][method].value("x-needs-proof", false);
      EXPECT_EQ(told, route.needs_proof) << route.method << ' ' << route.path;
      const bool by_token = contract()["paths"][route.path][method].value("x-token-is-proof", false);
      EXPECT_EQ(by_token, route.token_is_proof) << route.method << ' ' << route.path;
      if (route.needs_proof) {
        EXPECT_EQ(opensToTokens(contract()["paths"][route.path][method]), by_token) << route.path;
      }
      proven += route.needs_proof ? 1U : 0U;
    }
  }
  EXPECT_EQ(proven, 20U);
}

TEST(Contract, tells_how_much_may_be_asked_for_at_once) {
  World world;
  const auto routes = api::apiRoutes(world.services);
  // With a member that nobody knows, so that nothing is done: it is named where all before it is in order.
  const auto named = [&](const std::string& path, Json body) {
    body["more"] = 1;
    for (const auto& route : routes)
      if (route.method == "POST" && route.path == path) return refusalOf(route, {}, dumpJson(body)).field;
    return "no route " + path;
  };
  const auto limit = [](const char* schema, const char* member, const char* what) {
    return contract()["components"]["schemas"][schema]["properties"][member][what].get<std::size_t>();
  };
  const auto ids = [](std::size_t count) {
    Json all = Json::array();
    for (std::size_t i = 0; i < count; ++i)
      all.push_back(newId());
    return all;
  };
  const auto order = [&](std::size_t agents) -> Json {
    return {{"type", "scan"}, {"agent_ids", ids(agents)}, {"parameters", Json::object()}};
  };
  const std::size_t agents = limit("CommandRequest", "agent_ids", "maxItems");
  EXPECT_EQ(named("/api/v1/commands", order(agents)), "/more");
  EXPECT_EQ(named("/api/v1/commands", order(agents + 1)), "/agent_ids");
  const std::size_t updates = limit("ApprovalByRows", "update_ids", "maxItems");
  EXPECT_EQ(named("/api/v1/approvals", {{"update_ids", ids(updates)}}), "/more");
  EXPECT_EQ(named("/api/v1/approvals", {{"update_ids", ids(updates + 1)}}), "/update_ids");
  const std::size_t seats = limit("EnrolmentTokenRequest", "seats", "maximum");
  const std::size_t longest = limit("EnrolmentTokenRequest", "expires_in_s", "maximum");
  const std::string tokens = "/api/v1/enrolment-tokens";
  EXPECT_EQ(named(tokens, {{"seats", seats}, {"expires_in_s", longest}}), "/more");
  EXPECT_EQ(named(tokens, {{"seats", seats + 1}, {"expires_in_s", longest}}), "/seats");
  EXPECT_EQ(named(tokens, {{"seats", seats}, {"expires_in_s", longest + 1}}), "/expires_in_s");
}

TEST(Contract, is_served_as_it_is_written) {
  EXPECT_EQ(api::openApiText(), fileText());
}

// The members of a schema, its allOf parts included.
std::set<std::string> membersOf(const Json& schema) {
  if (schema.contains("$ref")) {
    const std::string ref = schema["$ref"];
    return membersOf(contract()["components"]["schemas"][ref.substr(ref.rfind('/') + 1)]);
  }
  std::set<std::string> members;
  for (const auto& part : schema.value("allOf", Json::array()))
    members.merge(membersOf(part));
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, type] : properties.items())
    members.insert(name);
  return members;
}

std::set<std::string> membersOf(const char* schema) {
  return membersOf(contract()["components"]["schemas"][schema]);
}

std::set<std::string> keysOf(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items())
    keys.insert(key);
  return keys;
}

class Answers : public ::testing::Test {
 protected:
  Answers() : routes_(api::apiRoutes(world_.services)), agent_(world_.enrol()) {
    world_.scan(
        agent_,
        {.records = {updateRow({"nginx", "1.1"}),
                     updateRow({"curl", "8.1"}),
                     {{"record", "fact/1"}, {"scope", "main"}, {"name", "os.name"}, {"value", "x"}},
                     {{"record", "metric/1"},
                      {"scope", "main"},
                      {"name", "free_bytes"},
                      {"label", {"mount=/", "kind=ext4"}},
                      {"value", 7}},
                     {{"record", "org.example.thing/1"}, {"scope", "main"}, {"name", "a"}, {"size", 3}}}});
    world_.approve({world_.update(agent_, "nginx", "1.1").id});
  }

  Json get(const std::string& shape, std::map<std::string, std::string> parameters = {},
           std::map<std::string, std::string> query = {}) {
    for (const auto& route : routes_) {
      if (route.method != "GET" || route.path != shape) continue;
      http::Request request;
      request.method = "GET";
      request.path = shape;
      request.parameters = std::move(parameters);
      request.principal.grants = http::Grants::everywhere("admin");
      for (const auto& [name, value] : query)
        request.query[name] = value;
      return parseJson(route.handler(request).body, {4U << 20, 64, 500'000}).value();
    }
    throw std::runtime_error("no route " + shape);
  }

  void calendarAnswers() {
    const auto author =
        world_.services.users.add("person", "tess", "hash", http::Grants::everywhere("admin"), world_.admin);
    services::ScheduleWish wish;
    wish.name = "Nightly";
    wish.type = "scan";
    wish.client_id = agent_.client_id;
    wish.rule.minute_of_day = 23 * 60;
    world_.services.schedules.add(wish, {"tess", author.grants, false, author.id});
    world_.clock.advance_s(3'600);
    world_.services.schedule_runner.run();
    const Json schedules = get("/api/v1/schedules");
    EXPECT_EQ(keysOf(schedules), membersOf("ScheduleList"));
    const Json schedule = schedules["items"][0];
    EXPECT_EQ(keysOf(schedule), membersOf("Schedule"));
    EXPECT_EQ(schedule["when"], "every day at 23:00");
    EXPECT_EQ(get("/api/v1/schedules/{id}", {{"id", schedule["id"]}}), schedule);
    const Json runs = get("/api/v1/schedules/{id}/runs", {{"id", schedule["id"]}});
    EXPECT_EQ(keysOf(runs), membersOf("ScheduleRunList"));
    EXPECT_EQ(keysOf(runs["items"][0]), membersOf("ScheduleRun"));
  }

  void windowAnswers() {
    const services::Actor ada{"ada", http::Grants::everywhere("admin"), true};
    services::WindowWish wish;
    wish.name = "Night";
    wish.scope.client_id = agent_.client_id;
    wish.length_s = 60;
    wish.rule.minute_of_day = 23 * 60 + 30;
    world_.services.windows.add(wish, ada);
    const Json windows = get("/api/v1/maintenance-windows");
    EXPECT_EQ(keysOf(windows["items"][0]), membersOf("MaintenanceWindow"));
    world_.services.groups.add({agent_.client_id, "Databases", {{agent_.agent_id}}}, ada);
    const Json groups = get("/api/v1/groups");
    EXPECT_EQ(keysOf(groups["items"][0]), membersOf("Group"));
    const Json group = get("/api/v1/groups/{id}", {{"id", groups["items"][0]["id"]}});
    EXPECT_EQ(keysOf(group), membersOf("GroupDetail"));
    EXPECT_EQ(keysOf(group["members"][0]), membersOf("GroupMember"));
    const Json in = get("/api/v1/sites/{id}/maintenance-windows", {{"id", agent_.site_id}});
    EXPECT_EQ(keysOf(in), membersOf("WindowsInForce"));
    EXPECT_EQ(keysOf(in["next"][0]), membersOf("WindowOpening"));
    EXPECT_EQ(get("/api/v1/agents/{id}/maintenance-windows", {{"id", agent_.agent_id}}), in)
        << "its groups have none";
    EXPECT_EQ(keysOf(get("/api/v1/agents/{id}", {{"id", agent_.agent_id}})["window"]),
              membersOf("AgentWindow"));
    Json status = world_.statusItem("alpha", "act");
    Json system = status["plugins"][0];
    system["id"] = "system";
    status["plugins"].push_back(std::move(system));
    world_.mustTake(agent_, {status});
    world_.services.orders.order("reboot", {agent_.agent_id}, Json::object(), ada);
    EXPECT_EQ(keysOf(get("/api/v1/overview")["windows"][0]), membersOf("WindowWait"));
    const Json waiting = get("/api/v1/commands", {}, {{"type", "reboot"}})["items"][0];
    EXPECT_EQ(keysOf(waiting["window"]), membersOf("CommandWindow"));
  }

  void heldAnswers() {
    const auto author =
        world_.services.users.add("person", "theo", "hash", http::Grants::everywhere("admin"), world_.admin);
    world_.services.second_person.setRule("destructive", 1, world_.admin);
    const services::Actor theo{"theo", author.grants, true, author.id, author.id};
    world_.services.orders.order("reboot", {agent_.agent_id}, {{"delay_min", 5}}, theo);
    const Json held = get("/api/v1/held-orders");
    EXPECT_EQ(keysOf(held), membersOf("HeldOrderList"));
    ASSERT_EQ(held["items"].size(), 1U);
    EXPECT_EQ(keysOf(held["items"][0]), membersOf("HeldOrder"));
    EXPECT_EQ(held["items"][0]["may_decide"], true);
  }

  void profileAnswers() {
    Json status = world_.statusItem("alpha", "act");
    status["settings"] = Json::parse(
        R"({"may_set":["log"],"plugins":[],"values":[{"key":"/log/level","from":"default","value":"info"}]})");
    world_.mustTake(agent_, {status});
    store::Profile profile;
    profile.name = "Usual";
    profile.settings = R"({"log":{"level":"debug"},"schedule":{"every":"2h"}})";
    world_.services.profiles.add(profile, world_.admin);
    const Json profiles = get("/api/v1/profiles");
    EXPECT_EQ(keysOf(profiles), membersOf("ProfileList"));
    EXPECT_EQ(keysOf(profiles["items"][0]), membersOf("Profile"));
    EXPECT_EQ(get("/api/v1/profiles/schema")["schema"]["type"], "object");
    const Json place = get("/api/v1/profiles/place", {}, {{"client_id", agent_.client_id}});
    EXPECT_EQ(keysOf(place), membersOf("PlaceSettings"));
    EXPECT_EQ(keysOf(place["items"][0]), membersOf("PlaceSetting"));
    EXPECT_EQ(keysOf(place["drift"]), membersOf("SettingsDriftCounts"));
    EXPECT_EQ(place["items"][0]["key"], "log.level");
    EXPECT_EQ(place["items"][0]["drift"]["pending"], 1);
    const Json agent = get("/api/v1/agents/{id}/settings", {{"id", agent_.agent_id}});
    EXPECT_EQ(keysOf(agent), membersOf("AgentSettings"));
    EXPECT_EQ(keysOf(agent["items"][0]), membersOf("AgentSetting"));
    EXPECT_EQ(agent["items"][0]["from"], "default");
    EXPECT_EQ(agent["items"][0]["level"], "everything");
    EXPECT_EQ(agent["items"][1]["text"],
              "policy.server_may_set of the machine does not include schedule.every");
    EXPECT_EQ(agent["drift"], "refused");
  }

  World world_;
  std::vector<http::Route> routes_;
  store::AgentKey agent_;
};

TEST_F(Answers, have_exactly_the_members_that_are_promised) {
  EXPECT_EQ(keysOf(get("/api/v1/overview")), membersOf("Overview"));
  EXPECT_EQ(keysOf(get("/api/v1/overview")["updates"]),
            membersOf(contract()["components"]["schemas"]["Overview"]["properties"]["updates"]));
  EXPECT_EQ(keysOf(get("/api/v1/overview")["needs"][0]), membersOf("Need"));
  EXPECT_EQ(keysOf(get("/api/v1/agents")), membersOf("AgentList"));
  EXPECT_EQ(keysOf(get("/api/v1/agents")["items"][0]), membersOf("Agent"));
  const Json agent = get("/api/v1/agents/{id}", {{"id", agent_.agent_id}});
  EXPECT_EQ(keysOf(agent), membersOf("AgentDetail"));
  EXPECT_EQ(keysOf(agent["documents"][0]), membersOf("AgentDocument"));
  EXPECT_EQ(keysOf(agent["identity"]), membersOf("AgentIdentity"));
  EXPECT_EQ(keysOf(agent["plugins"][0]), membersOf("AgentPlugin"));
  EXPECT_EQ(keysOf(agent["plugins"][0]["last_scan"]), membersOf("PluginScan"));
  EXPECT_EQ(keysOf(agent["plugins"][0]["breaker"]), membersOf("Breaker"));
  EXPECT_EQ(keysOf(agent["facts"][0]), membersOf("Fact"));
  EXPECT_EQ(keysOf(get("/api/v1/updates/rows")["items"][0]), membersOf("Update"));
  const Json update = get("/api/v1/updates/{id}", {{"id", get("/api/v1/updates/rows")["items"][0]["id"]}});
  EXPECT_EQ(keysOf(update), membersOf("UpdateDetail"));
  EXPECT_EQ(keysOf(get("/api/v1/updates")["items"][0]), membersOf("UpdateGroup"));
  store::IgnoreRule rule;
  rule.pattern = "curl";
  rule.reason = "x";
  world_.services.ignores.add(rule, world_.approver);
  EXPECT_EQ(keysOf(get("/api/v1/ignore-rules")), membersOf("IgnoreRuleList"));
  EXPECT_EQ(keysOf(get("/api/v1/ignore-rules")["items"][0]), membersOf("IgnoreRule"));
  const Json ignored = get("/api/v1/updates/rows", {}, {{"state", "ignored"}})["items"][0]["ignored"];
  EXPECT_EQ(keysOf(ignored), membersOf("Ignored"));
  services::LoadedPolicy policy;
  policy.policy.name = "x";
  policy.terms.lines = {{}};
  world_.services.policies.add(policy, world_.admin);
  EXPECT_EQ(keysOf(get("/api/v1/approval-policies")["items"][0]), membersOf("Policy"));
  profileAnswers();
  const Json command = get("/api/v1/commands")["items"][0];
  EXPECT_EQ(keysOf(command), membersOf("Command"));
  const Json detail = get("/api/v1/commands/{id}", {{"id", command["id"]}});
  EXPECT_EQ(keysOf(detail), membersOf("CommandDetail"));
  EXPECT_EQ(keysOf(detail["transitions"][0]), membersOf("Transition"));
  EXPECT_EQ(keysOf(get("/api/v1/command-types")["items"][0]), membersOf("CommandType"));
  EXPECT_EQ(keysOf(get("/api/v1/agents/{id}/history", {{"id", agent_.agent_id}})["items"][0]),
            membersOf("HistoryEntry"));
  const Json scans = get("/api/v1/agents/{id}/scans", {{"id", agent_.agent_id}});
  EXPECT_EQ(keysOf(scans), membersOf("ScanList"));
  EXPECT_EQ(keysOf(scans["items"][0]), membersOf("ListedScan"));
  const Json kinds = get("/api/v1/agents/{id}/record-kinds", {{"id", agent_.agent_id}});
  EXPECT_EQ(kinds["items"], Json::parse(R"([{"kind":"org.example.thing/1","count":1}])"));
  const Json records =
      get("/api/v1/agents/{id}/records", {{"id", agent_.agent_id}}, {{"kind", "org.example.thing/1"}});
  EXPECT_EQ(keysOf(records), membersOf("RecordList"));
  EXPECT_EQ(keysOf(records["items"][0]), membersOf("Record"));
  EXPECT_EQ(records["items"][0]["fields"], Json::parse(R"({"name":"a","size":3})"));
  const Json metrics = get("/api/v1/agents/{id}/metrics", {{"id", agent_.agent_id}});
  EXPECT_EQ(keysOf(metrics), membersOf("MetricList"));
  EXPECT_EQ(keysOf(metrics["items"][0]), membersOf("MetricSeries"));
  EXPECT_EQ(metrics["items"][0]["label"], "mount=/,kind=ext4");
  ASSERT_EQ(metrics["items"][0]["points"].size(), 1U);
  EXPECT_EQ(metrics["items"][0]["points"][0][1], 7);
  EXPECT_EQ(metrics["items"][0]["points"][0][0].get<std::int64_t>() % metrics["step_s"].get<std::int64_t>(),
            0);
  for (const std::string period : {"week", "year"}) {
    const Json longer = get("/api/v1/agents/{id}/metrics", {{"id", agent_.agent_id}}, {{"period", period}});
    EXPECT_EQ(longer["items"][0]["points"].size(), 1U) << period;
  }
  world_.store.write([&](store::WriteTransaction& tx) {
    store::ErrorNote note;
    note.source = "server";
    note.at = world_.clock.now;
    tx.errors().note(note);
  });
  const Json errors = get("/api/v1/errors");
  EXPECT_EQ(keysOf(errors), membersOf("ErrorGroupList"));
  EXPECT_EQ(keysOf(errors["items"][0]), membersOf("ErrorGroup"));
  const Json error = get("/api/v1/errors/{id}", {{"id", errors["items"][0]["id"]}});
  EXPECT_EQ(keysOf(error), membersOf("ErrorDetail"));
  EXPECT_EQ(keysOf(error["rows"][0]), membersOf("ErrorRow"));
  EXPECT_EQ(keysOf(get("/api/v1/enrolment-tokens")["items"][0]), membersOf("EnrolmentToken"));
  const Json client = get("/api/v1/clients")["items"][0];
  EXPECT_EQ(keysOf(client), membersOf("Client"));
  EXPECT_EQ(keysOf(client["sites"][0]), membersOf("Site"));
  EXPECT_EQ(client["sites"][0]["agents"], 1);
  calendarAnswers();
  windowAnswers();
  heldAnswers();
  EXPECT_EQ(keysOf(get("/api/v1/audit")), membersOf("AuditList"));
  EXPECT_EQ(keysOf(get("/api/v1/audit")["items"][0]), membersOf("AuditRecord"));
  EXPECT_EQ(keysOf(get("/api/v1/audit/head")), membersOf("AuditHead"));
  EXPECT_EQ(keysOf(get("/api/v1/security")), membersOf("Security"));
  EXPECT_EQ(keysOf(get("/api/v1/security")["items"][0]), membersOf("SecurityRow"));
}

}  // namespace
}  // namespace redflag::testing
