// Row D4 of the fault catalogue at the one parser that all JSON from outside passes: refused within ten
// milliseconds of processor time, whatever the size; on a slow machine within a quarter of the time in which
// nlohmann's parser takes a document of a tenth of the size.
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>

#include "base/json.h"
#include "base/time.h"

namespace redflag::faults {
namespace {

constexpr JsonLimits kWide{.bytes = 64U << 20, .depth = 16, .values = 4'000'000};

double processorMs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  out.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

std::string members(std::size_t count) {
  std::string out = "{";
  for (std::size_t i = 0; i < count; ++i)
    out += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  return out + "}";
}

[[maybe_unused]] double allowedMs() {
  const std::string text = members(100'000);
  double took = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double began = processorMs();
    const auto json = nlohmann::json::parse(text);
    took = std::min(took, processorMs() - began);
  }
  return std::max(10.0, took / 4);
}

// Made by its own test only: listing the tests must not make them all.
struct Monster {
  const char* name;
  std::string (*make)();
  Code code;
};

class D4 : public testing::TestWithParam<Monster> {};

TEST_P(D4, is_refused_within_ten_milliseconds) {
  const std::string text = GetParam().make();
  // The best of a few: what a busy machine adds is not the parser's.
  [[maybe_unused]] double took = 1e9;
  for (int i = 0; i < 7; ++i) {
    const double began = processorMs();
    const auto json = parseJson(text, kWide);
    took = std::min(took, processorMs() - began);
    ASSERT_FALSE(json.has_value());
  }
  const auto json = parseJson(text, kWide);
  EXPECT_EQ(json.error().code, GetParam().code) << json.error().text;
  EXPECT_LT(json.error().text.size(), 400U);
#ifndef REDFLAG_SANITIZED
  EXPECT_LT(took, allowedMs());
#endif
}

const Monster kMonsters[] = {
    {"a_million_levels", [] { return repeated("[", 1'000'000); }, Code::kLimit},
    {"a_million_levels_of_objects", [] { return repeated("{\"a\":", 1'000'000); }, Code::kLimit},
    {"a_million_keys", [] { return members(1'000'000); }, Code::kLimit},
    {"a_million_keys_inside", [] { return "[{\"a\":" + members(1'000'000) + "}]"; }, Code::kLimit},
    {"one_key_a_million_times", [] { return "{" + repeated("\"a\":1,", 1'000'000) + "\"a\":1}"; },
     Code::kInvalid},
    {"a_hundred_thousand_digits", [] { return repeated("9", 100'000); }, Code::kInvalid},
    {"an_exponent", [] { return std::string("[1e400]"); }, Code::kInvalid},
    {"the_digits_of_an_exponent", [] { return "1e" + repeated("9", 100'000); }, Code::kInvalid},
    {"over_its_size", [] { return std::string(kWide.bytes + 1, ' '); }, Code::kLimit},
};

INSTANTIATE_TEST_SUITE_P(Json, D4, testing::ValuesIn(kMonsters),
                         [](const auto& tried) { return tried.param.name; });

TEST(D4Json, sees_what_stands_behind_a_zero_byte) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"1\0{}"sv, "{}\0"sv, "{\"a\":1}\0\xff"sv})
    EXPECT_EQ(parseJson(text).error().code, Code::kInvalid);
}

TEST(D4Json, takes_as_many_members_as_anybody_needs) {
  EXPECT_TRUE(parseJson(members(4096)));
  EXPECT_FALSE(parseJson(members(4097)));
}

}  // namespace
}  // namespace redflag::faults
