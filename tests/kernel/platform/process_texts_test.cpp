#include "platform/linux/process_texts.h"

#include <gtest/gtest.h>

#include <string>

namespace redflag::platform {
namespace {

// As Linux 6.1 prints them.
const std::string kCode = "7f3a5c828000-7f3a5c97d000 r-xp 00026000 fe:01 271539                     ";

TEST(ProcessMaps, name_the_files_that_are_executed) {
  EXPECT_EQ(executedFile(kCode + "/usr/lib/x86_64-linux-gnu/libc.so.6"),
            "/usr/lib/x86_64-linux-gnu/libc.so.6");
  EXPECT_EQ(executedFile(kCode + "/opt/a tool/bin/tool"), "/opt/a tool/bin/tool");
  EXPECT_EQ(executedFile("7f3a5c97d000-7f3a5c9d3000 r--p 0017b000 fe:01 271539 /usr/lib/libc.so.6"), "")
      << "only read";
  EXPECT_EQ(executedFile("7ffd5b5f2000-7ffd5b5f4000 r-xp 00000000 00:00 0                          [vdso]"),
            "");
  EXPECT_EQ(executedFile("7f3a5ca10000-7f3a5ca11000 rwxp 00000000 00:00 0 "), "");
}

TEST(ProcessMaps, take_no_name_that_a_program_gives_its_memory_for_a_file) {
  EXPECT_EQ(executedFile("7f3a5ca10000-7f3a5ca11000 r-xp 00000000 00:00 0       [anon:/usr/bin/tool]"), "");
  EXPECT_EQ(
      executedFile("7f3a5ca10000-7f3a5ca11000 r-xp 00000000 00:00 0       [anon:/usr/bin/tool (deleted)]"),
      "");
}

TEST(ProcessMaps, say_which_file_is_gone) {
  const auto line = kCode + "/usr/lib/libz.so.1.2.13 (deleted)";
  EXPECT_TRUE(isMarkedGone(executedFile(line)));
  EXPECT_EQ(withoutMark(executedFile(line)), "/usr/lib/libz.so.1.2.13");
  EXPECT_FALSE(isMarkedGone("/usr/lib/libz.so.1.2.13"));
  EXPECT_EQ(withoutMark("/usr/lib/libz.so.1.2.13"), "/usr/lib/libz.so.1.2.13");
}

TEST(ProcessMaps, name_files_that_a_program_made_for_itself) {
  for (const char* own : {"/tomcat/temp/jna308661952366919029.tmp", "/app/tmp/libnetty_epoll123.so",
                          "/app/.cache/JNA/jna13793163275006896723.tmp"})
    EXPECT_TRUE(isTemporary(own)) << own;
  for (const char* installed :
       {"/tool/lib/libz.so.1", "/template/libtemp.so", "/tmpfiles/tmp", "/x.tmp/lib.so"})
    EXPECT_FALSE(isTemporary(installed)) << installed;
}

TEST(ProcessMaps, say_nothing_where_they_are_cut) {
  const auto line = kCode + "/usr/lib/libz.so.1";
  for (std::size_t bytes = 0; bytes < kCode.size(); ++bytes)
    EXPECT_EQ(executedFile(line.substr(0, bytes)), "") << bytes;
}

TEST(ControlGroup, is_that_of_the_unified_hierarchy_or_of_systemds) {
  EXPECT_EQ(controlGroup("0::/system.slice/ssh.service"), "/system.slice/ssh.service");
  EXPECT_EQ(controlGroup("1:name=systemd:/system.slice/ssh.service"), "/system.slice/ssh.service");
  for (const char* other : {"0::/", "12:memory:/system.slice/ssh.service", "10::/x", "0:", "", "::", "x"})
    EXPECT_EQ(controlGroup(other), "") << other;
}

TEST(ControlGroup, is_not_the_one_that_a_user_calls_a_folder_of_their_own_group_like) {
  const std::string own =
      "/user.slice/user-1000.slice/user@1000.service/x:name=systemd:/system.slice/ssh.service";
  EXPECT_EQ(controlGroup("0::" + own), own);
  EXPECT_EQ(controlGroup("4:memory:" + own), "");
}

}  // namespace
}  // namespace redflag::platform
