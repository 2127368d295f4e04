#include "store/postgres/named_statements.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace redflag::store::postgres {
namespace {

constexpr std::array<Oid, 2> kTexts{25, 25};
constexpr std::array<Oid, 2> kNumbers{20, 20};

std::string nameOf(NamedStatements& names, const std::string& sql, const std::array<Oid, 2>& types) {
  return names.of(sql, types.data(), 2).name;
}

TEST(NamedStatements, are_those_that_come_again) {
  NamedStatements names;
  EXPECT_EQ(nameOf(names, "SELECT ?, ?", kTexts), "");
  const std::string name = nameOf(names, "SELECT ?, ?", kTexts);
  EXPECT_NE(name, "");
  EXPECT_EQ(nameOf(names, "SELECT ?, ?", kTexts), name);
}

TEST(NamedStatements, are_others_with_other_types) {
  NamedStatements names;
  std::set<std::string> seen;
  for (int i = 0; i < 2; ++i)
    for (const auto& types : {kTexts, kNumbers})
      seen.insert(nameOf(names, "SELECT ?, ?", types));
  EXPECT_EQ(seen.size(), 3U) << "none, and one for each";
}

TEST(NamedStatements, that_are_long_go_without) {
  NamedStatements names;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(nameOf(names, std::string(3'000, 'x'), kTexts), "");
}

TEST(NamedStatements, are_as_many_as_a_session_should_keep_and_begin_anew) {
  NamedStatements names;
  std::set<std::string> named;
  for (int i = 0; i < 2'000; ++i)
    for (int times = 0; times < 2; ++times)
      named.insert(nameOf(names, "SELECT " + std::to_string(i), kTexts));
  EXPECT_EQ(named.size(), 257U) << "with none";
  EXPECT_TRUE(names.full());
  names.forgetAll();
  EXPECT_FALSE(names.full());
  nameOf(names, "SELECT 1", kTexts);
  EXPECT_FALSE(named.contains(nameOf(names, "SELECT 1", kTexts))) << "no name means two statements";
}

TEST(NamedStatements, that_the_server_refused_begin_anew) {
  NamedStatements names;
  nameOf(names, "SELECT 1", kTexts);
  const std::string name = nameOf(names, "SELECT 1", kTexts);
  names.forget(name);
  EXPECT_EQ(nameOf(names, "SELECT 1", kTexts), "");
}

}  // namespace
}  // namespace redflag::store::postgres
