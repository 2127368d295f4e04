// What /proc says of a process that anybody may have started: what it executes, and whose it is.
#include "platform/linux/process_texts.h"

#include <string>

#include "fuzz.h"

namespace redflag::fuzz {
namespace {

void claimAnyName(const std::string& name) {
  const std::string line = "7f3a5c828000-7f3a5c97d000 r-xp 00026000 fe:01 2715   /" + name;
  const auto file = platform::executedFile(line);
  claim(file == "/" + name, "a file may be called anything");
  const auto path = platform::withoutMark(file);
  claim(file.starts_with(path) && (path == file) != platform::isMarkedGone(file),
        "only the mark is taken off");
  claim(platform::controlGroup("0::/" + name) == (name.empty() ? "" : "/" + name),
        "a control group may be called anything");
  claim(platform::controlGroup("4:memory:/" + name).empty(),
        "no group of another hierarchy is taken for one");
}

}  // namespace

REDFLAG_FUZZ(process_texts) {
  for (auto rest = input; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    const auto file = platform::executedFile(line);
    claim(file.empty() || (file.front() == '/' && line.ends_with(file)), "what is executed has a path");
    const auto group = platform::controlGroup(line);
    claim(group != "/" && line.ends_with(group), "a group is in its line");
    claimAnyName(std::string(line));
  }
}

}  // namespace redflag::fuzz
