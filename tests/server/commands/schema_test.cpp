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

TEST(Schema, what_is_no_schema_is_refused) {
  EXPECT_TRUE(checkSchema(kSchema));
  EXPECT_FALSE(checkSchema(Json::array()));
  EXPECT_FALSE(checkSchema({{"properties", 7}}));
}

}  // namespace
}  // namespace redflag::commands
