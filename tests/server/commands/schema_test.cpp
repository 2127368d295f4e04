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

}  // namespace
}  // namespace redflag::commands
