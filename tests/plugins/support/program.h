#pragma once
// Programs of the machine, asked for their opinion.

#include <string>
#include <vector>

namespace redflag::test {

struct Ended {
  int code = -1;       // exit code; -1: ended by a signal
  std::string output;  // standard output
};

// `environment`: NAME=value, added to ours.
Ended runProgram(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});

// Standard output of a program; fails the test if it ends badly.
std::string outputOf(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {});

}  // namespace redflag::test
