#pragma once
// A program that runs for minutes and tells what it does line by line.

#include <functional>
#include <string>
#include <vector>

namespace redflag::plugin {

struct ChildEnd {
  int code = -1;      // exit code, or 128 + the signal's number; -1: could not be started
  std::string words;  // the last lines that it wrote, for people
};

// Without a shell, in an environment of PATH and LC_ALL only, with the file `answers` for its
// questions and nobody to answer more; both its streams go to `line`. It is ended, softly and after ten
// seconds not, as soon as `stop` says so; without one nothing of ours interrupts it.
ChildEnd runChild(const std::vector<std::string>& argv, const std::string& answers,
                  const std::function<void(const std::string&)>& line, const std::function<bool()>& stop);

}  // namespace redflag::plugin
