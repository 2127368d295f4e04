#include "services/name_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace redflag::services {
namespace {

TEST(NamePattern, is_of_the_whole_name_whatever_the_case) {
  EXPECT_TRUE(matchesName("nginx", "nginx"));
  EXPECT_TRUE(matchesName("Mozilla.*", "mozilla.firefox"));
  EXPECT_FALSE(matchesName("nginx", "nginx-common"));
  EXPECT_FALSE(matchesName("nginx", "xnginx"));
  EXPECT_FALSE(matchesName("", "nginx"));
  EXPECT_TRUE(matchesName("", ""));
}

TEST(NamePattern, knows_any_characters_and_one) {
  EXPECT_TRUE(matchesName("linux-*", "linux-image-amd64"));
  EXPECT_TRUE(matchesName("*-amd64", "linux-image-amd64"));
  EXPECT_TRUE(matchesName("*image*", "linux-image-amd64"));
  EXPECT_TRUE(matchesName("*", ""));
  EXPECT_TRUE(matchesName("**", "anything"));
  EXPECT_TRUE(matchesName("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matchesName("a*b*c", "a-c-b"));
  EXPECT_TRUE(matchesName("python3.?", "python3.9"));
  EXPECT_FALSE(matchesName("python3.?", "python3.11"));
  EXPECT_TRUE(matchesName("?", "\xC3\xA4")) << "one character of two bytes";
  EXPECT_FALSE(matchesName("??", "\xC3\xA4"));
}

TEST(NamePattern, takes_what_stands_behind_a_backslash_as_it_is) {
  EXPECT_TRUE(matchesName("a\\*b", "a*b"));
  EXPECT_FALSE(matchesName("a\\*b", "axb"));
  EXPECT_TRUE(matchesName("a\\\\b", "a\\b"));
}

TEST(NamePattern, many_stars_cost_no_more_than_pattern_times_name) {
  std::string pattern;
  for (int i = 0; i < 100; ++i)
    pattern += "a*";
  EXPECT_FALSE(matchesName(pattern + "b", std::string(1'000, 'a')));
}

}  // namespace
}  // namespace redflag::services
