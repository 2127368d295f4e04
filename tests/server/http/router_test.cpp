#include "http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "http/target.h"

namespace redflag::http {
namespace {

Route route(const std::string& method, const std::string& path, Permission permission = Permission::kViewer) {
  return {method, path, permission, 0, [](const Request&) { return Response{}; }};
}

std::string pathFor(const Router& router, const std::string& method, const std::string& path) {
  const auto match = router.find(method, parseTarget(path).segments);
  return match ? match->route->path : "nothing";
}

TEST(Router, prefers_a_literal_segment_to_a_parameter) {
  const Router router({route("GET", "/api/updates/{id}"), route("GET", "/api/updates/rows")});
  EXPECT_EQ(pathFor(router, "GET", "/api/updates/rows"), "/api/updates/rows");
  EXPECT_EQ(pathFor(router, "GET", "/api/updates/5"), "/api/updates/{id}");
}

TEST(Router, hands_over_decoded_parameters) {
  const Router router({route("GET", "/api/{a}/x/{b}")});
  const auto match = router.find("GET", parseTarget("/api/one%2Ftwo/x/%20").segments);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->parameters, (std::map<std::string, std::string>{{"a", "one/two"}, {"b", " "}}));
}

TEST(Router, knows_no_second_spelling_of_an_address) {
  const Router router({route("GET", "/api/v1/setup")});
  for (const char* path :
       {"/api/v1/setup/", "/api/v1//setup", "//api/v1/setup", "/api/v1/setup/x", "/API/v1/setup",
        "/api/v1/./setup", "/api/v1/x/../setup", "/api%2Fv1/setup", "/"}) {
    EXPECT_EQ(pathFor(router, "GET", path), "nothing") << path;
  }
  EXPECT_EQ(pathFor(router, "GET", "/api/v1/set%75p"), "/api/v1/setup");
}

TEST(Router, takes_no_empty_parameter) {
  const Router router({route("GET", "/api/{id}")});
  EXPECT_EQ(pathFor(router, "GET", "/api/"), "nothing");
}

TEST(Router, says_which_methods_an_address_takes) {
  const Router router({route("GET", "/api/x"), route("POST", "/api/x"), route("DELETE", "/api/{id}")});
  try {
    router.find("PUT", parseTarget("/api/x").segments);
    FAIL() << "PUT was found";
  } catch (const Problem& problem) {
    EXPECT_EQ(problem.status, 405);
  }
  EXPECT_EQ(router.allowed(parseTarget("/api/x").segments), "DELETE, GET, HEAD, POST");
  EXPECT_EQ(pathFor(router, "HEAD", "/api/x"), "/api/x");
}

std::string complaint(std::vector<Route> routes) {
  try {
    const Router router(std::move(routes));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

TEST(Router, refuses_a_table_that_contradicts_itself) {
  EXPECT_NE(complaint({route("GET", "/api/{a}"), route("GET", "/api/{b}")}).find("twice"), std::string::npos);
  EXPECT_NE(complaint({route("FETCH", "/api/a")}).find("unknown method"), std::string::npos);
  EXPECT_NE(complaint({route("GET", "api")}), "none");
  EXPECT_NE(complaint({route("GET", "/api//a")}), "none");
  EXPECT_NE(complaint({route("GET", "/api/x{id}")}), "none");
  Route without = route("GET", "/api/a");
  without.handler = nullptr;
  EXPECT_NE(complaint({without}).find("no handler"), std::string::npos);
}

TEST(Router, keeps_agents_and_people_apart) {
  EXPECT_NE(complaint({route("POST", "/agent/v1/upload", Permission::kAdmin)}), "none");
  EXPECT_NE(complaint({route("POST", "/agent/v1/upload", Permission::kAnyone)}), "none");
  EXPECT_NE(complaint({route("POST", "/api/v1/agents", Permission::kAgent)}), "none");
  EXPECT_EQ(complaint({route("POST", "/agent/v1/upload", Permission::kAgent)}), "none");
}

}  // namespace
}  // namespace redflag::http
