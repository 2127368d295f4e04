#include "store/postgres/statements.h"

#include <gtest/gtest.h>

#include "http/message.h"
#include "store/open.h"

namespace redflag::store::postgres {
namespace {

TEST(Statements, placeholders_are_numbered_as_sqlite_numbers_them) {
  EXPECT_EQ(numbered("SELECT ?, ?"), "SELECT $1, $2");
  EXPECT_EQ(numbered("a = ?1, b = ?, c = ?1, d = ?"), "a = $1, b = $2, c = $1, d = $3");
  EXPECT_EQ(numbered("?3 ? ?12 ?"), "$3 $4 $12 $13");
}

TEST(Statements, quoted_texts_and_comments_are_left_alone) {
  EXPECT_EQ(numbered("SELECT '?' , \"?\" , 'it''s ?', ? -- why?"),
            "SELECT '?' , \"?\" , 'it''s ?', $1 -- why?");
  EXPECT_EQ(numbered("LIKE ? ESCAPE '\\' AND ?"), "LIKE $1 ESCAPE '\\' AND $2");
}

TEST(Statements, a_script_falls_apart_at_its_semicolons_only) {
  const auto parts = split(
      "-- a comment; with a semicolon\nCREATE TABLE a (b TEXT DEFAULT ';');\n\n-- next\n"
      "DO $$ BEGIN; END $$;\n  ;\nSELECT 1");
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0], "CREATE TABLE a (b TEXT DEFAULT ';')");
  EXPECT_EQ(parts[1], "DO $$ BEGIN; END $$");
  EXPECT_EQ(parts[2], "SELECT 1");
  EXPECT_TRUE(split(" \n-- nothing\n").empty());
}

http::Problem refusal(const std::string& url) {
  try {
    openStore({{}, url});
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

TEST(PostgresUrl, one_that_is_none_is_refused_with_what_was_expected_and_without_repeating_it) {
  for (const char* bad :
       {"mysql://a:geheim@b/c", "redflag.db", "postgresql://u:geheim@h:port/d", "postgresql://h/d?geheim=1",
        "postgresql://u:a@geheim@h/d", "host=h password=geheim"}) {
    const auto problem = refusal(bad);
    EXPECT_EQ(problem.code, "store.bad_url") << bad;
    EXPECT_NE(problem.detail.find("expected postgresql://"), std::string::npos);
    EXPECT_EQ(problem.detail.find("geheim"), std::string::npos);
  }
}

TEST(PostgresUrl, a_server_that_is_not_there_is_named_and_the_password_is_not) {
  const auto problem = refusal("postgresql://u:geheim@127.0.0.1:1/d");
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.code, "store.unavailable");
  EXPECT_GT(problem.retry_after_s, 0);
  EXPECT_NE(problem.detail.find("127.0.0.1"), std::string::npos) << problem.detail;
  EXPECT_EQ(problem.detail.find("geheim"), std::string::npos);
}

TEST(PostgresUrl, a_password_in_it_is_noticed) {
  EXPECT_TRUE(carriesPassword("postgresql://u:p@h/d"));
  EXPECT_TRUE(carriesPassword("postgresql://h/d?password=p"));
  EXPECT_FALSE(carriesPassword("postgresql://u@h/d"));
}

}  // namespace
}  // namespace redflag::store::postgres
