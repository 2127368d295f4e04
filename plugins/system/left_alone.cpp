#include "left_alone.h"

namespace redflag::system {

std::string whyLeftAlone(std::string_view unit) {
  // Restarting one of those that carry orders out ends the order in the middle of itself.
  if (unit.starts_with("redflag-")) return "it carries this very order out";
  // The service manager itself, sessions and half of the other services hang on it.
  if (unit == "dbus.service" || unit == "dbus-broker.service" || unit == "dbus-daemon.service")
    return "others hang on it: it is renewed by a restart of the machine";
  return {};
}

}  // namespace redflag::system
