#include "config/yaml.h"

#include <gmock/gmock.h>

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

TEST(Yaml, keeps_types_of_the_core_schema) {
  const auto document = parseYaml(
      "a: 1\nb: \"1\"\nc: no\nd: true\ne: null\nf: 1.5\ng: [x, -2, '']\nh: 007e1\ni: 6h\nj:\nk: +5\nl: "
      "1e999\nm: 0x1F\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(
      document->value,
      Json::parse(R"({"a":1,"b":"1","c":"no","d":true,"e":null,"f":1.5,"g":["x",-2,""],"h":70.0,"i":"6h",
                            "j":null,"k":5,"l":"1e999","m":"0x1F"})"));
}

TEST(Yaml, keeps_checksums_as_text_even_when_they_are_all_digits) {
  const std::string digits(64, '7');
  EXPECT_EQ(parseYaml("s: " + digits)->value["s"], digits);
}

TEST(Yaml, knows_where_every_value_was_written) {
  const auto document = parseYaml("a: 1\nb:\n  c: [x, y]\n  \"d/e\": {f: 1}\n");
  ASSERT_TRUE(document);
  const auto at = [&](const char* pointer) {
    const auto& place = document->places.at(pointer);
    return std::pair(place.line, place.column);
  };
  EXPECT_EQ(at("/a"), std::pair(1, 1));
  EXPECT_EQ(at("/b"), std::pair(2, 1));
  EXPECT_EQ(at("/b/c"), std::pair(3, 3));
  EXPECT_EQ(at("/b/c/1"), std::pair(3, 10));
  EXPECT_EQ(at("/b/d~1e/f"), std::pair(4, 11));
}

struct Refusal {
  const char* yaml;
  int line;
  const char* text;
};

class YamlRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(YamlRefusals, name_the_place_and_the_reason) {
  const auto document = parseYaml(GetParam().yaml);
  ASSERT_FALSE(document) << GetParam().yaml;
  EXPECT_EQ(document.error().place.line, GetParam().line) << GetParam().yaml;
  EXPECT_THAT(document.error().text, HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    , YamlRefusals,
    testing::Values(Refusal{"a: 1\nb: [1, 2\n", 3, "not valid YAML"},
                    Refusal{"a:\n\tb: 2\n", 2, "expected spaces at the line's begin, not a tab"},
                    Refusal{"a: \"\\\x1b\"\n", 1, "unknown escape character: ?"},
                    Refusal{"a: 1\nb: 2\na: 3\n", 3, "\"a\" is written twice"},
                    Refusal{"a: &x 1\nb: *x\n", 1, "anchors are not used"},
                    Refusal{"a: 1\nb: *x\n", 2, "not valid YAML"},
                    Refusal{"a: !!python/object:os.system x\n", 1, "tags are not used"},
                    Refusal{"a: 1\n---\nb: 2\n", 3, "expected one document"},
                    Refusal{"a: 1\n[x]: 2\n", 2, "expected a simple key"},
                    Refusal{"a: \"\\0\"\n", 1, "without NUL"}, Refusal{"a: \xFF\xFE\n", 1, ""}));

TEST(Yaml, refuses_what_is_too_long_too_deep_or_too_much) {
  EXPECT_THAT(parseYaml("a: " + std::string(300'000, 'x')).error().text,
              HasSubstr("longer than 262144 bytes"));
  EXPECT_THAT(parseYaml("a: " + std::string(5000, 'x')).error().text, HasSubstr("at most 4096 bytes"));
  EXPECT_THAT(parseYaml(std::string(17, '[') + std::string(17, ']')).error().text,
              HasSubstr("nested deeper than 16"));
  EXPECT_FALSE(parseYaml(std::string(100'000, '[')));
  std::string many;
  for (int i = 0; i < 11'000; ++i)
    many += "- 1\n";
  EXPECT_THAT(parseYaml(many).error().text, HasSubstr("more than 10000 values"));
}

TEST(Yaml, refuses_a_bomb_of_aliases_without_expanding_it) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    bomb += std::string(1, c) + ": &" + c + " [*" + before + ",*" + before + ",*" + before + "]\n";
  }
  EXPECT_THAT(parseYaml(bomb).error().text, HasSubstr("anchors are not used"));
}

}  // namespace
}  // namespace redflag::kernel
