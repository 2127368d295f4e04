#pragma once
// How dnf itself is started: by an order, and with nobody to ask.

#include <string>
#include <vector>

#include "settings.h"

namespace redflag::dnf {

constexpr int kLockedCode = 200;  // dnf's exit code when another dnf is at work

// The program with the options that every order wants, to which the command's own are added. No key is taken
// over, neither rpm's nor one for metadata: repositories name none, and with assumeyes dnf would import
// without a question what a plugin of its own names.
std::vector<std::string> dnfCommand(const Settings& settings);

}  // namespace redflag::dnf
