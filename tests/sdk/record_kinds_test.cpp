// What is kept for C and for the browser says what the table says.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

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

}  // namespace
}  // namespace redflag::test
