// What is kept for C and for the browser says what the table says.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "protocol/record_kinds.h"

namespace redflag::test {
namespace {

std::string printed(const std::string& form) {
  FILE* pipe = ::popen((std::string(REDFLAG_BUILD) + "/tools/redflag-record-kinds " + form).c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), got);
  EXPECT_EQ(::pclose(pipe), 0);
  return text;
}

std::string kept(const std::string& file) {
  std::ifstream in(std::filesystem::path(REDFLAG_FIXTURES).parent_path().parent_path() / file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(RecordKinds, are_in_the_header_for_plugins_in_c) {
  EXPECT_EQ(kept("sdk/include/redflag/records.h"), printed("c"))
      << "build/release/tools/redflag-record-kinds c > sdk/include/redflag/records.h";
}

TEST(RecordKinds, are_known_to_the_browser_application) {
  EXPECT_EQ(kept("server/web/src/format/record-kinds.ts"), printed("ts"))
      << "build/release/tools/redflag-record-kinds ts > server/web/src/format/record-kinds.ts";
}

TEST(RecordKinds, have_builders_for_plugins_in_cpp) {
  EXPECT_EQ(kept("sdk/cpp/include/redflag/builders.hpp"), printed("cpp"))
      << "build/release/tools/redflag-record-kinds cpp > sdk/cpp/include/redflag/builders.hpp";
}

TEST(CleanText, fakes_no_line_no_terminal_command_and_no_other_text) {
  for (const std::string text :
       {"plain", "tab\tand\nline", "größer", "日本語", "\u00A0", "\u2026", "\u2030", "\u2070"})
    EXPECT_TRUE(protocol::isCleanText(text)) << text;
  for (const std::string text :
       {"bell\a", "\x1b[31m", "\x7f", "\u0085", "\u009b31m", "ab\u202edc", "\u2066x", "x\u2069"})
    EXPECT_FALSE(protocol::isCleanText("before " + text)) << text;
}

}  // namespace
}  // namespace redflag::test
