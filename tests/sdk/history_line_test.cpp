#include "base/history_line.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/time.h"

namespace redflag {
namespace {

const std::vector<std::string> kKeys = {"time",   "program", "subsystem", "command", "agent",
                                        "action", "from",    "to",        "actor",   "code"};

// As a reader does it who knows nothing but the header's words: blanks outside of quotes separate.
std::vector<std::pair<std::string, std::string>> read(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  EXPECT_FALSE(quoted) << line;
  EXPECT_EQ(words.front(), "HISTORY");
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto at = words[i].find('=');
    out.emplace_back(words[i].substr(0, at), words[i].substr(at + 1));
  }
  return out;
}

HistoryStep withAll(std::string_view value) {
  return {1'740'794'584'567 * kMillisecondNs, value, value, value, value, value, value, value, value, value};
}

TEST(HistoryLine, has_every_key_once_in_order_and_the_time_in_utc) {
  const HistoryStep step{1'740'794'584'567 * kMillisecondNs,
                         "redflag-agent",
                         "orders",
                         "01JM8ZC9T0QK5V3N7RWX2YBD4E",
                         "01JM8ZC9T0AAAAAAAAAAAAAAA2",
                         "apt/plan,apt/install",
                         "accepted",
                         "running",
                         "kernel",
                         ""};
  EXPECT_EQ(historyLine(step),
            "HISTORY time=2025-03-01T02:03:04.567Z program=redflag-agent subsystem=orders "
            "command=01JM8ZC9T0QK5V3N7RWX2YBD4E agent=01JM8ZC9T0AAAAAAAAAAAAAAA2 action=apt/plan,apt/install "
            "from=accepted to=running actor=kernel code=-");
}

TEST(HistoryLine, of_nothing_says_so_and_of_a_dash_that_it_is_one) {
  EXPECT_EQ(read(historyLine(withAll(""))).back(), (std::pair<std::string, std::string>{"code", "-"}));
  EXPECT_EQ(read(historyLine(withAll("-"))).back(), (std::pair<std::string, std::string>{"code", "\"-\""}));
}

TEST(HistoryLine, cannot_be_made_two_lines_or_have_another_key_by_any_value) {
  std::vector<std::string> hostile = {
      "a\nHISTORY time=2025-03-01T02:03:04.567Z command=forged to=succeeded",
      "a\r\nb",
      "\" command=forged x=\"",
      "\\\" command=forged \\",
      "alex code=- command=forged",
      "\xe2\x80\xa8line separator",
      "\xc2\x85next line",
      "\x1b[2Kescape",
      "\xff\xfe not UTF-8",
      std::string("nul\0byte", 8),
      "\xe2\x80\xaeright to left",
      std::string(5'000, '"'),
      std::string(5'000, '\n'),
      "=",
      " ",
      "\t",
  };
  for (int byte = 0; byte < 256; ++byte)
    hostile.push_back("a" + std::string(1, static_cast<char>(byte)) + "HISTORY command=forged");
  for (const std::string& value : hostile) {
    const std::string line = historyLine(withAll(value));
    for (const char c : line)
      ASSERT_TRUE(c >= 0x20 && c < 0x7F) << static_cast<int>(c) << " of " << value;
    ASSERT_LT(line.size(), 10'000U);
    const auto pairs = read(line);
    ASSERT_EQ(pairs.size(), kKeys.size()) << line;
    for (std::size_t i = 0; i < kKeys.size(); ++i) {
      EXPECT_EQ(pairs[i].first, kKeys[i]) << line;
      EXPECT_NE(pairs[i].second, "forged");
    }
  }
}

TEST(HistoryLine, of_two_values_that_differ_differs) {
  std::map<std::string, std::string> seen;
  for (const std::string value :
       {"a b", "a  b", "a\nb", "a\\x0ab", "a\"b", "a\\\"b", "ab", "a\xc3\xb6", "a\\"}) {
    const auto [entry, fresh] = seen.emplace(historyLine(withAll(value)), value);
    EXPECT_TRUE(fresh) << value << " reads as " << entry->second;
  }
}

}  // namespace
}  // namespace redflag
