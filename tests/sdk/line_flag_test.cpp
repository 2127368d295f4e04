// One event, one line of a log.
#include "base/line_flag.h"

#include <gtest/gtest.h>

#include <string>

namespace redflag {
namespace {

std::string lineOf(const std::string& text) {
  spdlog::pattern_formatter formatter(spdlog::pattern_time_type::utc, "");
  formatter.add_flag<LineFlag>(LineFlag::kFlag).set_pattern("%l %Q");
  spdlog::memory_buf_t out;
  formatter.format({"", spdlog::level::info, text}, out);
  return fmt::to_string(out);
}

TEST(LineFlag, leaves_text_as_it_is) {
  for (const std::string text : {"plain", "", "tab\tstop", "\xC3\xBCmlaut", "back\\slash \"quote\" %v {}"})
    EXPECT_EQ(lineOf(text), "info " + text);
}

TEST(LineFlag, writes_out_what_would_end_the_line_or_move_the_cursor) {
  EXPECT_EQ(lineOf("box\nHISTORY command=1"), "info box\\nHISTORY command=1");
  EXPECT_EQ(lineOf("a\r\nb"), "info a\\x0d\\nb");
  EXPECT_EQ(lineOf("\x1b[2J\x7f"), "info \\x1b[2J\\x7f");
  EXPECT_EQ(lineOf(std::string("a\0b", 3)), "info a\\x00b");
}

}  // namespace
}  // namespace redflag
