#pragma once
// Does the system ask for a reboot? Debian's packages leave a note in /run.

#include <string>
#include <vector>

namespace redflag::apt {

struct RebootRequest {
  bool required = false;
  std::vector<std::string> packages;  // who asked; each once
};

RebootRequest readRebootRequest(const std::string& root);

}  // namespace redflag::apt
