#include "command.h"

namespace redflag::dnf {

std::vector<std::string> dnfCommand(const Settings& settings) {
  std::vector<std::string> command{"/usr/bin/dnf", "--setopt=assumeyes=False", "--setopt=defaultyes=False",
                                   "--setopt=*.gpgkey=", "--setopt=exit_on_lock=True"};
  if (settings.root == "/") return command;
  command.push_back("--installroot=" + settings.root);
  // Those are this machine's, with its settings. That root's version locks have had their say in the plan.
  command.push_back("--noplugins");
  return command;
}

}  // namespace redflag::dnf
