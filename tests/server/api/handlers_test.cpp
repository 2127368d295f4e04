#include <gtest/gtest.h>

#include <string_view>

#include "api/routes.h"
#include "base/encoding.h"
#include "store/windows.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

class Handlers : public ::testing::Test {
 protected:
  Handlers() : agent_(world_.enrol()) {
    for (auto& part : {api::apiRoutes(world_.services), api::agentRoutes(world_.services)})
      routes_.insert(routes_.end(), part.begin(), part.end());
    world_.scan(agent_, {.records = {updateRow({"nginx", "1.1"}), updateRow({"curl", "8.1"})}});
  }

  http::Request request(const std::string& method, const std::string& shape, const Json& body = Json()) {
    http::Request request;
    request.method = method;
    request.path = shape;
    request.body = body.is_null() ? "" : dumpJson(body);
    request.principal.kind = http::Principal::Kind::kUser;
    request.principal.user_id = "user-1";
    request.principal.username = "erin";
    request.principal.grants = http::Grants::everywhere("approver");
    request.headers["idempotency-key"] = "key-1";
    return request;
  }

  http::Response call(const http::Request& request) {
    for (const auto& route : routes_) {
      if (route.method == request.method && route.path == request.path) return route.handler(request);
    }
    throw std::runtime_error("no route " + request.method + " " + request.path);
  }

  http::Problem refusal(const http::Request& request) {
    try {
      return {call(request).status, "", ""};
    } catch (const http::Problem& problem) {
      return problem;
    }
  }

  static Json json(const http::Response& response) { return parseJson(response.body).value(); }

  World world_;
  store::AgentKey agent_;
  std::vector<http::Route> routes_;
};

TEST_F(Handlers, an_approval_sent_twice_is_one_approval) {
  auto post =
      request("POST", "/api/v1/approvals", {{"update_ids", {world_.update(agent_, "nginx", "1.1").id}}});
  const auto first = call(post);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(json(first)["approved"], 1);
  const auto second = call(post);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(second.body, first.body);
  post.body = dumpJson({{"update_ids", {world_.update(agent_, "curl", "8.1").id}}});
  EXPECT_EQ(refusal(post).code, "request.idempotency_key_reused");
  EXPECT_EQ(world_.stateOf(agent_, "curl", "8.1"), "available");
  post.principal.user_id = "user-2";
  EXPECT_EQ(json(call(post))["approved"], 1) << "a key belongs to who used it";
}

TEST_F(Handlers, an_approval_without_a_key_is_refused_and_a_preview_needs_none) {
  auto post =
      request("POST", "/api/v1/approvals", {{"update_ids", {world_.update(agent_, "nginx", "1.1").id}}});
  post.headers.clear();
  EXPECT_EQ(refusal(post).field, "Idempotency-Key");
  post.query["preview"] = "1";
  EXPECT_EQ(call(post).status, 200);
  EXPECT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "available");
}

TEST_F(Handlers, a_command_sent_twice_is_one_command) {
  const auto post =
      request("POST", "/api/v1/commands",
              {{"type", "scan"}, {"agent_ids", {agent_.agent_id}}, {"parameters", Json::object()}});
  const auto first = call(post);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(call(post).body, first.body);
}

// What one machine tells at its longest must keep nobody from the rest of a list.
TEST_F(Handlers, lists_go_on_behind_the_longest_texts) {
  Json status = world_.statusItem(std::string(255, '"'), "act");
  status["plugins"][0]["id"] = std::string(128, '"');
  world_.mustTake(world_.enrol("long"), {status});
  std::vector<Json> rows;
  for (const char last : {'a', 'b', 'c'}) {
    const std::string name = std::string(511, '"') + last;
    rows.push_back(updateRow({.name = name,
                              .candidate = std::string(256, '"'),
                              .more = {{"key", name}, {"arch", std::string(64, '"')}}}));
    rows.back()["manager"] = std::string(128, '"');
    rows.push_back({{"record", "org.example.thing/1"}, {"scope", "main"}, {"name", name}});
  }
  world_.scan(agent_, {.records = rows, .plugin = std::string(128, '"')});
  for (const char* path : {"/api/v1/agents", "/api/v1/updates", "/api/v1/updates/rows",
                           "/api/v1/agents/{id}/records", "/api/v1/agents/{id}/scans"}) {
    auto get = request("GET", path);
    get.parameters["id"] = agent_.agent_id;
    if (std::string_view(path).ends_with("/records")) get.query["kind"] = "org.example.thing/1";
    get.query["limit"] = "1";
    std::int64_t seen = 0;
    Json page;
    do {
      page = json(call(get));
      seen += static_cast<std::int64_t>(page["items"].size());
      if (page["next_cursor"].is_string()) get.query["cursor"] = page["next_cursor"].get<std::string>();
    } while (page["next_cursor"].is_string());
    EXPECT_EQ(seen, page["total"]) << path;
  }
}

TEST_F(Handlers, a_window_whose_rule_cannot_be_read_is_listed_without_it) {
  store::MaintenanceWindow window;
  window.id = newId();
  window.scope.client_id = agent_.client_id;
  window.name = "Nights";
  window.rule = R"({"repeat":"hourly"})";
  window.length_s = 3'600;
  world_.store.write([&](store::WriteTransaction& tx) { tx.windows().add(window); });
  const Json items = json(call(request("GET", "/api/v1/maintenance-windows")))["items"];
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["when"], "a rule that this version cannot read");
  EXPECT_TRUE(items[0]["rule"].is_null()) << items[0];
}

TEST_F(Handlers, bad_bodies_are_named_and_change_nothing) {
  const Json id = agent_.agent_id;
  const std::vector<std::pair<Json, std::string>> bad = {
      {{{"type", "scan"}, {"agent_ids", {id}}}, "/parameters"},
      {{{"type", "scan"}, {"agent_ids", Json::array()}, {"parameters", Json::object()}}, "/agent_ids"},
      {{{"type", "scan"}, {"agent_ids", {id, id}}, {"parameters", Json::object()}}, "/agent_ids"},
      {{{"type", "scan"}, {"agent_ids", {"../x"}}, {"parameters", Json::object()}}, "/agent_ids"},
      {{{"type", 7}, {"agent_ids", {id}}, {"parameters", Json::object()}}, "/type"},
      {{{"type", "scan"}, {"agent_ids", {id}}, {"parameters", Json::object()}, {"more", 1}}, "/more"}};
  for (const auto& [body, field] : bad) {
    const auto problem = refusal(request("POST", "/api/v1/commands", body));
    EXPECT_EQ(problem.status, 400) << body;
    EXPECT_EQ(problem.field, field) << body;
  }
  auto post = request("POST", "/api/v1/commands");
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string(R"({"type":"a","type":"b"})"),
        std::string(100'000, '['), std::string("\xff")}) {
    post.body = body;
    EXPECT_EQ(refusal(post).status, 400) << body.substr(0, 20);
  }
  EXPECT_TRUE(world_.services.orders.fetch(agent_).empty());
}

TEST_F(Handlers, a_schedule_is_read_strictly_and_an_empty_scope_is_not_everything) {
  const Json good = {{"name", "Nightly"},
                     {"type", "scan"},
                     {"parameters", Json::object()},
                     {"scope", {{"agent_ids", {agent_.agent_id}}}},
                     {"rule", {{"repeat", "daily"}, {"time", "02:00"}}},
                     {"time_zone", nullptr}};
  const auto with = [&](const char* member, const Json& value) {
    Json body = good;
    body[member] = value;
    return body;
  };
  const std::vector<std::pair<Json, std::string>> bad = {
      {with("scope", Json::object()), "/scope/client_id"},
      {with("scope", {{"everything", false}}), "/scope/client_id"},
      {with("scope", {{"everything", true}, {"client_id", agent_.client_id}}), "/scope/client_id"},
      {with("scope", {{"agent_ids", Json::array()}}), "/scope/agent_ids"},
      {with("scope", {{"group", "x"}}), "/scope/client_id"},
      {with("rule", {{"repeat", "daily"}, {"time", "2 o'clock"}}), "/rule/time"},
      {with("rule", {{"repeat", "daily"}, {"time", "02:00"}, {"every", 2}}), "/rule/every"},
      {with("catch_up_s", -1), "/catch_up_s"},
      {with("catch_up_s", 604'801), "/catch_up_s"},
      {with("name", ""), "/name"},
      {with("more", 1), "/more"}};
  for (const char* route : {"/api/v1/schedules", "/api/v1/schedules/preview"}) {
    for (const auto& [body, field] : bad) {
      const auto problem = refusal(request("POST", route, body));
      EXPECT_EQ(problem.status, 400) << body;
      EXPECT_EQ(problem.field, field) << body;
    }
  }
  auto preview = request("POST", "/api/v1/schedules/preview", good);
  preview.query["occurrences"] = "3";
  EXPECT_EQ(json(call(preview))["zones"][0]["next"].size(), 3U);
  preview.query["occurrences"] = "51";
  EXPECT_EQ(refusal(preview).field, "occurrences");
  EXPECT_EQ(json(call(request("GET", "/api/v1/schedules")))["total"], 0);
  EXPECT_EQ(call(request("POST", "/api/v1/schedules", good)).status, 201);
  EXPECT_EQ(json(call(request("GET", "/api/v1/schedules")))["items"][0]["scope"], good["scope"]);
}

TEST_F(Handlers, bad_parameters_are_named) {
  const std::vector<std::tuple<std::string, std::string, std::string>> bad = {
      {"/api/v1/agents", "sort", "shoe_size"},
      {"/api/v1/agents", "limit", "0"},
      {"/api/v1/agents", "limit", "501"},
      {"/api/v1/agents", "limit", "9x"},
      {"/api/v1/agents", "cursor", "nonsense"},
      {"/api/v1/agents", "breaker", "ajar"},
      {"/api/v1/agents", "disk", "full"},
      {"/api/v1/agents", "reboot", "1"},
      {"/api/v1/agents", "surprise", "1"},
      {"/api/v1/updates", "category", "'"},
      {"/api/v1/updates/rows", "state", "a,b"},
      {"/api/v1/updates/rows", "agent_id", "x"},
      {"/api/v1/updates/rows", "search", std::string(201, 'x')},
      {"/api/v1/commands", "state", "dead"},
      {"/api/v1/agents", "search", "\xff\xfe"}};
  for (const auto& [path, name, value] : bad) {
    auto get = request("GET", path);
    get.query[name] = value;
    const auto problem = refusal(get);
    EXPECT_EQ(problem.status, 400) << path << " " << name;
    EXPECT_EQ(problem.field, name) << path;
  }
}

TEST_F(Handlers, an_order_with_a_parameter_that_orders_do_not_have_is_not_given) {
  auto post = request("POST", "/api/v1/commands",
                      {{"type", "scan"}, {"agent_ids", {agent_.agent_id}}, {"parameters", Json::object()}});
  post.query["preview"] = "1";
  EXPECT_EQ(refusal(post).field, "preview");
  EXPECT_EQ(json(call(request("GET", "/api/v1/commands")))["total"], 0);
}

TEST_F(Handlers, say_once_what_they_expected) {
  auto get = request("GET", "/api/v1/agents/{id}/records");
  get.parameters["id"] = agent_.agent_id;
  EXPECT_EQ(refusal(get).detail, "kind: expected a kind of record, such as package/1");
}

TEST_F(Handlers, what_does_not_exist_is_404_everywhere) {
  for (const std::string shape :
       {"/api/v1/agents/{id}", "/api/v1/agents/{id}/updates", "/api/v1/agents/{id}/history",
        "/api/v1/agents/{id}/records", "/api/v1/agents/{id}/record-kinds", "/api/v1/agents/{id}/metrics",
        "/api/v1/commands/{id}", "/api/v1/updates/{id}", "/api/v1/errors/{id}"}) {
    for (const std::string& id : {newId(), std::string("../../etc/passwd"), std::string()}) {
      auto get = request("GET", shape);
      get.parameters["id"] = id;
      EXPECT_EQ(refusal(get).status, 404) << shape << " " << id;
    }
  }
  for (const std::string verb : {"cancel", "confirm", "retry"}) {
    auto post = request("POST", "/api/v1/commands/{id}/" + verb);
    post.parameters["id"] = newId();
    EXPECT_EQ(refusal(post).status, 404) << verb;
  }
}

TEST_F(Handlers, take_what_went_wrong_in_a_browser_within_limits) {
  const auto one = [](const Json& more) {
    Json error = {{"id", newId()},
                  {"name", "TypeError"},
                  {"message", "x is undefined"},
                  {"page", "/agents"},
                  {"times", 3}};
    error.update(more);
    return error;
  };
  const auto send = [&](const Json& errors) {
    return refusal(request("POST", "/api/v1/errors", {{"errors", errors}})).status;
  };
  EXPECT_EQ(send(Json::array({one({{"stack", "at Row (a.js:1:1)"}}), one(Json::object())})), 204);
  const Json listed = json(call(request("GET", "/api/v1/errors")))["items"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["source"], "browser");
  EXPECT_EQ(listed[0]["code"], "TypeError");
  EXPECT_EQ(listed[0]["times"], 6);
  EXPECT_EQ(send(Json::array({one({{"times", 0}})})), 400);
  EXPECT_EQ(send(Json::array({one({{"times", 10'001}})})), 400);
  EXPECT_EQ(send(Json::array({one({{"message", std::string(4'097, 'x')}})})), 400);
  EXPECT_EQ(send(Json::array({one({{"agent_id", "x"}})})), 400);
  EXPECT_EQ(send(Json(std::vector<Json>(21, one(Json::object())))), 400);
  EXPECT_EQ(send(Json::array({one({{"id", "two words"}})})), 400);
  EXPECT_EQ(send(Json::array({one({{"id", ""}})})), 400);
  EXPECT_EQ(json(call(request("GET", "/api/v1/errors")))["items"][0]["times"], 6);
}

TEST_F(Handlers, count_a_report_of_a_browser_once_however_often_it_comes) {
  const auto send = [&](const std::string& id, const char* message = "x is undefined") {
    const Json error = {
        {"id", id}, {"name", "TypeError"}, {"message", message}, {"page", "/agents"}, {"times", 2}};
    return refusal(request("POST", "/api/v1/errors", {{"errors", Json::array({error})}})).status;
  };
  const auto times = [&] { return json(call(request("GET", "/api/v1/errors")))["items"][0]["times"]; };
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(send("first"), 204);
  EXPECT_EQ(times(), 2);
  EXPECT_EQ(send("second"), 204);
  EXPECT_EQ(send("first"), 204);
  EXPECT_EQ(send("irst"), 204);
  EXPECT_EQ(times(), 6) << "an id is no part of another one";
  for (int i = 0; i < 60; ++i)
    EXPECT_EQ(send("more-" + std::to_string(i)), 204);
  EXPECT_EQ(send("more-59"), 204);
  EXPECT_EQ(send("more-20"), 204);
  EXPECT_EQ(times(), 126);
}

TEST_F(Handlers, say_why_an_update_counts_as_verified) {
  const std::string id = world_.update(agent_, "nginx", "1.1").id;
  auto get = request("GET", "/api/v1/updates/{id}");
  get.parameters["id"] = id;
  EXPECT_EQ(json(call(get))["approval"], nullptr);
  EXPECT_EQ(json(call(get))["proof"], nullptr);
  const Json plan = World::plan({{"upgrade", "nginx", "1.0", "1.1"}});
  const auto approved = world_.approve({id});
  world_.carryOut(agent_, approved.command_ids[0], "succeeded",
                  Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}));
  const auto install = world_.newest("install_updates");
  world_.mustTake(agent_,
                  {{{"kind", "command_log"},
                    {"id", newId()},
                    {"at", toRfc3339(world_.clock.now)},
                    {"command_id", install.id},
                    {"lines", {{{"at", toRfc3339(world_.clock.now)}, {"text", "Unpacking nginx"}}}}}});
  Json steps = plan["steps"];
  for (Json& step : steps)
    step["result"] = "done";
  world_.carryOut(agent_, install.id, "succeeded",
                  Json::array({{{"steps", steps}, {"needs_reboot", false}}}));
  ASSERT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "installed");
  const Json package = {{"record", "package/1"}, {"scope", "main"}, {"manager", "apt"},
                        {"key", "nginx:amd64"},  {"name", "nginx"}, {"version", "1.1"}};
  world_.scan(agent_, {.purpose = "verify",
                       .records = {updateRow({"curl", "8.1"}), package},
                       .command_id = install.id,
                       .boot_id = "boot-7"});
  const Json shown = json(call(get));
  EXPECT_EQ(shown["state"], "verified");
  EXPECT_EQ(shown["approval"]["by"], world_.approver.name);
  EXPECT_EQ(shown["versions"], (Json{{"before", "1.0"}, {"approved", "1.1"}, {"after", "1.1"}}));
  EXPECT_EQ(shown["proof"]["purpose"], "verify");
  EXPECT_EQ(shown["proof"]["scope_status"], "ok");
  EXPECT_EQ(shown["proof"]["boot_id"], "boot-7");
  EXPECT_EQ(shown["proof"]["command_id"], install.id);
  ASSERT_EQ(shown["commands"].size(), 2U);
  EXPECT_EQ(shown["commands"][0]["type"], "plan_updates");
  EXPECT_EQ(shown["commands"][1]["plan_hash"], World::hashOf(plan));
  EXPECT_EQ(shown["commands"][1]["log"][0]["text"], "Unpacking nginx");
  // Approved anew, the old proof is none.
  world_.scan(agent_, {.records = {updateRow({"curl", "8.1"}), updateRow({"nginx", "1.1"})}});
  ASSERT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "failed");
  world_.approve({id});
  EXPECT_EQ(json(call(get))["proof"], nullptr);
}

TEST_F(Handlers, a_technician_cannot_stop_what_an_approver_ordered) {
  const auto command_id = world_.approve({world_.update(agent_, "nginx", "1.1").id}).command_ids.at(0);
  auto post = request("POST", "/api/v1/commands/{id}/cancel");
  post.parameters["id"] = command_id;
  post.principal.grants = http::Grants::everywhere("technician");
  EXPECT_EQ(refusal(post).status, 403);
  post.principal.grants = http::Grants::everywhere("approver");
  EXPECT_EQ(refusal(post).status, 200);
}

TEST_F(Handlers, what_failed_is_planned_anew) {
  const auto command_id = world_.approve({world_.update(agent_, "nginx", "1.1").id}).command_ids.at(0);
  world_.carryOut(agent_, command_id, "failed", Json(), "apt.locked", "dpkg is locked");
  auto post = request("POST", "/api/v1/commands/{id}/retry");
  post.parameters["id"] = command_id;
  const Json again = json(call(post));
  EXPECT_EQ(again["retry_of"], command_id);
  EXPECT_EQ(again["type"], "plan_updates");
  EXPECT_EQ(world_.stateOf(agent_, "nginx", "1.1"), "approved");
}

TEST_F(Handlers, only_the_key_that_signed_can_enrol) {
  const std::string key = randomBytes(32);
  const Json body = {{"token", world_.token},
                     {"public_key", toBase64Url(key)},
                     {"hostname", "new"},
                     {"agent_version", "0.1.0"},
                     {"mode", "report"},
                     {"platform", "linux-x86_64"},
                     {"machine", {{"os_name", "Debian"}, {"os_version", "12"}}}};
  auto post = request("POST", "/agent/v1/enroll", body);
  post.principal = {};
  post.principal.kind = http::Principal::Kind::kEnrolling;
  post.principal.public_key = randomBytes(32);
  EXPECT_EQ(refusal(post).status, 400);
  post.principal.public_key = key;
  EXPECT_EQ(call(post).status, 201);
  EXPECT_EQ(call(post).status, 200);
}

TEST_F(Handlers, say_what_an_update_waits_for) {
  const auto id = world_.update(agent_, "nginx", "1.1").id;
  const auto row = [&] {
    auto get = request("GET", "/api/v1/updates/rows");
    get.query["name"] = "nginx";
    return json(call(get))["items"][0];
  };
  EXPECT_EQ(row()["waiting_for"], "a person to approve it");
  EXPECT_EQ(row()["approvable"], true);
  world_.approve({id});
  EXPECT_EQ(row()["approvable"], false);
  EXPECT_NE(row()["waiting_for"].get<std::string>().find("fetch"), std::string::npos);
  world_.clock.advance_s(3600);
  EXPECT_NE(row()["waiting_for"].get<std::string>().find("not connected"), std::string::npos);
}

}  // namespace
}  // namespace redflag::testing
