#include "commands/schema.h"

#include <gtest/gtest.h>

namespace redflag::commands {
namespace {

const Json kSchema = {{"type", "object"},
                      {"properties",
                       {{"name", {{"type", "string"}, {"maxLength", 3}}},
                        {"list", {{"type", "array"}, {"items", {{"type", "object"}, {"required", {"key"}}}}}},
                        {"a/b~c", {{"type", "integer"}}}}},
                      {"required", {"name"}},
                      {"additionalProperties", false}};

std::string fieldOf(const Json& value) {
  const auto problem = firstProblem(kSchema, value);
  if (!problem) return "valid";
  EXPECT_FALSE(problem->text.empty());
  return problem->field;
}

TEST(Schema, names_the_place_of_what_is_wrong) {
  EXPECT_EQ(fieldOf({{"name", "abc"}}), "valid");
  EXPECT_EQ(fieldOf({{"name", "abcd"}}), "/name");
  EXPECT_EQ(fieldOf({{"name", "a"}, {"list", {{{"key", 1}}, Json::object()}}}), "/list/1");
  EXPECT_EQ(fieldOf({{"name", "a"}, {"a/b~c", "x"}}), "/a~1b~0c");
  EXPECT_EQ(fieldOf(Json::object()), "");
  EXPECT_NE(fieldOf({{"name", "a"}, {"more", 1}}), "valid");
}

TEST(Schema, a_text_too_long_to_be_matched_is_refused_and_ends_nothing) {
  const Json schema = {{"type", "object"},
                       {"properties", {{"unit", {{"type", "string"}, {"pattern", "^[a-z]*\\.service$"}}}}}};
  EXPECT_FALSE(firstProblem(schema, {{"unit", std::string(1000, 'a') + ".service"}}));
  const auto problem = firstProblem(schema, {{"unit", std::string(60'000, 'a')}});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->field, "/unit");
  EXPECT_EQ(problem->text, "expected at most 2048 bytes");
  const auto hidden = firstProblem(schema, {{"other", {1, {{"a/b", std::string(60'000, 'a')}}}}});
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->field, "/other/1/a~1b");
  EXPECT_FALSE(firstProblem({{"type", "object"}}, {{"text", std::string(60'000, 'a')}}))
      << "nothing is matched";
}

TEST(Schema, what_is_no_schema_is_refused) {
  EXPECT_TRUE(checkSchema(kSchema));
  EXPECT_FALSE(checkSchema(Json::array()));
  EXPECT_FALSE(checkSchema({{"properties", 7}}));
  EXPECT_FALSE(checkSchema({{"properties", {{"name", {{"type", "string"}, {"pattern", "+$"}}}}}}));
  EXPECT_FALSE(checkSchema({{"patternProperties", {{"(", {{"type", "string"}}}}}}));
}

TEST(Schema, whose_references_lead_in_a_circle_or_nowhere_is_refused) {
  EXPECT_TRUE(checkSchema(Json::parse(
      R"({"properties":{"a":{"$ref":"#/definitions/one"},"b":{"$ref":"#/definitions/one"}},"definitions":{"one":{"type":"string"}}})")));
  for (
      const char* schema :
      {R"({"$ref":"#"})",
       R"({"$ref":"#/definitions/one","definitions":{"one":{"$ref":"#/definitions/one"}}})",
       R"({"properties":{"a":{"$ref":"#/definitions/one"}},"definitions":{"one":{"$ref":"#/definitions/one"}}})",
       R"({"allOf":[{"$ref":"#"}]})", R"({"definitions":{"one":{"allOf":[{"$ref":"#/definitions/one"}]}}})",
       R"({"properties":{"a":{"$ref":"#/definitions/none"}}})", R"({"items":{"$ref":"#/%2"}})",
       R"({"items":{"$ref":"#/definitions/~5"},"definitions":{"~5":true}})"})
    EXPECT_FALSE(checkSchema(Json::parse(schema))) << schema;
  EXPECT_TRUE(firstProblem({{"allOf", {{{"$ref", "#"}}}}}, Json::object()))
      << "one that was kept ends nothing";
}

TEST(Schema, that_grows_without_bound_when_it_is_written_out_is_refused) {
  Json definitions = {{"d0", {{"type", "string"}}}};
  for (int i = 1; i <= 10; ++i) {
    const Json below = {{"$ref", "#/definitions/d" + std::to_string(i - 1)}};
    definitions["d" + std::to_string(i)]["allOf"] = Json::array({below, below, below});
  }
  EXPECT_FALSE(checkSchema({{"definitions", definitions}}));
}

TEST(Schema, with_a_pattern_too_large_to_compile_is_refused) {
  const auto with = [](const std::string& pattern) {
    return checkSchema({{"properties", {{"a", {{"pattern", pattern}}}}}}).has_value();
  };
  EXPECT_TRUE(with("^[0-9a-fA-F]{64}$"));
  EXPECT_TRUE(with("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$"));
  EXPECT_TRUE(with("^[\\])]{3}$"));
  EXPECT_TRUE(with("^[[:alpha:]_(][[:alnum:]_(]{0,200}?(\\.[[:alnum:]]+)*$"));
  EXPECT_FALSE(with(std::string(60'000, 'a')));
  EXPECT_FALSE(with(std::string(200, '(') + "a" + std::string(200, ')')));
  EXPECT_FALSE(with("(a?){30000}"));
  EXPECT_FALSE(with("((a?){300}){300}"));
  EXPECT_FALSE(with("([\\])]a{300}){300}"));
  EXPECT_FALSE(with("([[:digit:])]a{200}){200}")) << "a class does not end what it is in";
  EXPECT_FALSE(with("(\\c)a{200}){200}")) << "a control character may be any";
  EXPECT_FALSE(with("([\\c])]a{200}){200}"));
  EXPECT_FALSE(with("(a?){9}*{9}+{9}?{9}")) << "quantifiers of quantifiers";
  EXPECT_FALSE(checkSchema({{"patternProperties", {{std::string(60'000, 'a'), {{"type", "string"}}}}}}));
}

TEST(Schema, that_asks_for_multiples_is_refused) {
  EXPECT_FALSE(checkSchema({{"multipleOf", 0}}));
  EXPECT_TRUE(firstProblem({{"multipleOf", 0}}, 7)) << "one that was kept divides by nothing";
  EXPECT_TRUE(checkSchema({{"properties", {{"multipleOf", {{"type", "string"}}}}}}));
}

}  // namespace
}  // namespace redflag::commands
