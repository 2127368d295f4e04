#include "program.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace redflag::test {

Ended runProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {};
  const auto child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    std::vector<char*> words;
    for (const auto& word : argv)
      words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    for (const auto& variable : environment)
      putenv(const_cast<char*>(variable.c_str()));
    execvp(words[0], words.data());
    _exit(127);
  }
  close(ends[1]);
  Ended ended;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;)
    ended.output.append(buffer.data(), static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  return ended;
}

std::string outputOf(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  auto ended = runProgram(argv, environment);
  EXPECT_EQ(ended.code, 0) << argv[0] << ": " << ended.output;
  return std::move(ended.output);
}

}  // namespace redflag::test
