#include "ctl/document.h"

#include <gmock/gmock.h>

#include <set>

#include "operations.h"

namespace redflag::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

Json documentOf(const Json& paths) {
  return {{"paths", paths}};
}

Json operationWith(const Json& more) {
  Json operation = {{"x-permission", "viewer"}, {"responses", Json::object()}};
  operation.update(more);
  return operation;
}

TEST(Document, gives_every_operation_for_people_a_name_of_its_own) {
  std::set<std::string> names;
  for (const auto& operation : realOperations()) {
    EXPECT_NE(operation.permission, "anyone");
    EXPECT_TRUE(names.insert(operation.noun + " " + operation.verb).second) << operation.path;
    EXPECT_FALSE(operation.summary.empty()) << operation.path;
  }
  for (const char* name : {"agents list", "agents show", "agents history", "updates rows", "approvals create",
                           "commands create", "commands cancel", "enrolment-tokens delete", "groups change",
                           "maintenance-windows create", "overview show", "events follow"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Document, leaves_out_nothing_that_a_service_account_may_ask_for) {
  const auto document = parseJson(api::openApiText(), {8U << 20, 64, 1'000'000}).value();
  std::size_t expected = 0;
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items())
      if (path.starts_with("/api/v1/") && operation["x-permission"] != "anyone" &&
          operation["x-permission"] != "signed-in" &&
          dumpJson(operation.value("security", document["security"])).find("\"token\"") != std::string::npos)
        ++expected;
  EXPECT_EQ(realOperations().size(), expected);
}

TEST(Document, offers_nothing_that_is_for_people_alone) {
  for (const auto& operation : realOperations()) {
    EXPECT_NE(operation.path, "/api/v1/held-orders/{id}/approve");
    EXPECT_NE(operation.path, "/api/v1/held-orders/{id}/decline") << "the server refuses it to every token";
  }
  const auto documents = documentOf(
      {{"/api/v1/a", {{"post", operationWith({{"security", Json::parse(R"([{"session":[],"csrf":[]}])")}})}}},
       {"/api/v1/b", {{"post", operationWith({{"security", Json::parse(R"([{"token":[]}])")}})}}}});
  EXPECT_THAT(operationsOf(documents), ElementsAre(Field(&Operation::path, "/api/v1/b")));
}

TEST(Document, knows_which_columns_every_list_has) {
  for (const auto& operation : realOperations()) {
    if (!operation.lists) continue;
    EXPECT_THAT(operation.columns, Not(IsEmpty())) << operation.path;
  }
  EXPECT_THAT(realOperation("agents", "list").columns, Contains("hostname"));
}

TEST(Document, makes_options_of_what_a_query_and_a_body_may_hold) {
  const auto& rows = realOperation("updates", "rows");
  EXPECT_TRUE(rows.pages);
  EXPECT_THAT(rows.options, Contains(Field(&Option::name, "agent-id")));
  EXPECT_THAT(rows.options, Not(Contains(Field(&Option::name, "cursor"))));
  const auto& order = realOperation("commands", "create");
  EXPECT_TRUE(order.once);
  EXPECT_THAT(order.options, Contains(testing::AllOf(Field(&Option::wire, "agent_ids"),
                                                     Field(&Option::kind, Option::Kind::kTexts),
                                                     Field(&Option::required, true))));
  EXPECT_THAT(order.options, Contains(testing::AllOf(Field(&Option::wire, "parameters"),
                                                     Field(&Option::kind, Option::Kind::kJson))));
  const auto& approval = realOperation("approvals", "create");
  EXPECT_THAT(approval.options, Contains(testing::AllOf(Field(&Option::name, "preview"),
                                                        Field(&Option::kind, Option::Kind::kFlag))));
  for (const auto& option : approval.options)
    EXPECT_FALSE(option.required) << option.name << ": its body has two forms";
  EXPECT_THAT(realOperation("agents", "show").positionals, ElementsAre("id"));
}

TEST(Document, makes_no_argument_of_a_secret) {
  const Json schema = {
      {"required", {"name", "password"}},
      {"properties",
       {{"name", {{"type", "string"}}}, {"password", {{"type", "string"}, {"format", "password"}}}}}};
  const Json body = {{"content", {{"application/json", {{"schema", schema}}}}}};
  const auto operations =
      operationsOf(documentOf({{"/api/v1/users", {{"post", operationWith({{"requestBody", body}})}}}}));
  ASSERT_EQ(operations.size(), 1U);
  EXPECT_THAT(operations[0].options, ElementsAre(Field(&Option::name, "name")));
}

TEST(Document, tells_reading_from_making_of_the_same_place) {
  const auto operations = operationsOf(
      documentOf({{"/api/v1/clients/{id}/sites",
                   {{"get", operationWith(Json::object())}, {"post", operationWith(Json::object())}}},
                  {"/api/v1/clients/{id}/sites/{site}",
                   {{"get", operationWith(Json::object())}, {"delete", operationWith(Json::object())}}},
                  {"/api/v1/clients/{id}", {{"patch", operationWith(Json::object())}}}}));
  std::set<std::string> verbs;
  for (const auto& operation : operations)
    verbs.insert(operation.verb);
  EXPECT_THAT(verbs, ElementsAre("change", "create-sites", "delete-sites", "show-sites", "sites"));
}

TEST(Document, names_the_path_of_what_it_cannot_name) {
  EXPECT_THAT(
      [] {
        operationsOf(documentOf({{"/api/v1/a.json", {{"get", operationWith(Json::object())}}},
                                 {"/api/v1/a.yaml", {{"get", operationWith(Json::object())}}}}));
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("/api/v1/a.yaml")));
  const auto lost = [] {
    const Json nowhere = {{"$ref", "#/components/parameters/Lost"}};
    operationsOf(documentOf({{"/api/v1/a", {{"get", operationWith({{"parameters", {nowhere}}})}}}}));
  };
  EXPECT_THAT(lost, ThrowsMessage<std::runtime_error>(HasSubstr("Lost")));
}

}  // namespace
}  // namespace redflag::ctl
