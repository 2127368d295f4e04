#include <gtest/gtest.h>
#include <unistd.h>

#include "apt_root.h"
#include "raw_output.h"

namespace redflag::test {
namespace {

std::vector<std::string> linesWhile(const std::function<void()>& work) {
  std::vector<std::string> lines;
  {
    const apt::RawOutput output([&](const std::string& line) { lines.push_back(line); });
    work();
  }
  return lines;
}

void print(const std::string& text, int fd = STDOUT_FILENO) {
  EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

using Lines = std::vector<std::string>;

TEST(RawOutput, cuts_lines_of_both_streams_and_keeps_the_unfinished_last_one) {
  EXPECT_EQ(linesWhile([] {
              print("one\r\ntwo\n\n");
              print("three", STDERR_FILENO);
            }),
            (Lines{"one", "two", "three"}));
}

TEST(RawOutput, keeps_only_the_last_state_of_a_line_that_is_written_over) {
  EXPECT_EQ(linesWhile([] { print("(Reading 5%\r(Reading 100%\r(Reading done)\r\nnext\n"); }),
            (Lines{"(Reading done)", "next"}));
}

TEST(RawOutput, does_not_wait_for_a_daemon_that_kept_the_stream) {
  pid_t daemon = -1;
  EXPECT_EQ(linesWhile([&] {
              print("started\n");
              daemon = fork();
              if (daemon == 0) {
                pause();
                _exit(0);
              }
            }),
            Lines{"started"});
  kill(daemon, SIGKILL);
}

TEST(RawOutput, cuts_endless_lines) {
  const auto lines = linesWhile([] { print(std::string(9000, 'x') + "\n"); });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].size(), 4000U);
}

}  // namespace
}  // namespace redflag::test
