#include "ctl/words.h"

#include <gmock/gmock.h>

#include "operations.h"

namespace redflag::ctl {
namespace {

using testing::ElementsAre;

struct Typed {
  Typed() { addOperations(app, realOperations(), wanted); }
  void type(const std::string& line) { app.parse(line, false); }
  std::vector<std::string> option(const std::string& wire) const {
    const auto found = wanted.wish.options.find(wire);
    return found == wanted.wish.options.end() ? std::vector<std::string>() : found->second;
  }
  CLI::App app;
  Wanted wanted;
};

TEST(Words, become_the_operation_that_they_name) {
  Typed typed;
  typed.type("commands create --type scan --agent-ids a --agent-ids b --parameters {}");
  ASSERT_NE(typed.wanted.operation, nullptr);
  EXPECT_EQ(typed.wanted.operation->path, "/api/v1/commands");
  EXPECT_THAT(typed.option("agent_ids"), ElementsAre("a", "b"));
  EXPECT_THAT(typed.option("type"), ElementsAre("scan"));
}

TEST(Words, name_one_thing_by_its_place) {
  Typed typed;
  typed.type("agents history 01HX --limit 5");
  EXPECT_THAT(typed.wanted.wish.positionals, ElementsAre("01HX"));
  EXPECT_EQ(typed.wanted.wish.rows, 5U);
  EXPECT_TRUE(typed.wanted.wish.options.empty());
}

TEST(Words, that_are_missing_unknown_or_not_among_the_choices_are_refused) {
  for (const char* line : {"agents", "agents show", "agents list --no-such", "agents list --sort sideways",
                           "commands create --type scan", "nothing list"}) {
    Typed typed;
    EXPECT_THROW(typed.type(line), CLI::ParseError) << line;
  }
}

TEST(Words, need_no_member_of_a_body_that_comes_whole) {
  Typed typed;
  typed.type("commands create --body -");
  EXPECT_EQ(typed.wanted.body_file, "-");
}

}  // namespace
}  // namespace redflag::ctl
