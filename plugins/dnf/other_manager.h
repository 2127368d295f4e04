#pragma once
// Another program that installs updates on this machine by itself.

#include <string>

#include "settings.h"

namespace redflag::dnf {

// "dnf-automatic" where one of its timers that install is enabled, else "".
std::string otherManager(const Settings& settings);

}  // namespace redflag::dnf
