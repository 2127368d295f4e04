#define LIBDNF_UNSTABLE_API
#include "other_manager.h"

#include <libdnf/conf/ConfigParser.hpp>
#include <libdnf/conf/OptionBool.hpp>

#include <filesystem>

namespace redflag::dnf {
namespace {

bool isEnabled(const Settings& settings, const std::string& timer) {
  std::error_code error;
  const auto link = settings.inRoot("/etc/systemd/system/timers.target.wants/" + timer);
  return std::filesystem::is_symlink(link, error);
}

// What the timer without a purpose in its name does is up to this file.
bool appliesUpdates(const Settings& settings) {
  try {
    libdnf::ConfigParser parser;
    parser.read(settings.inRoot("/etc/dnf/automatic.conf"));
    return libdnf::OptionBool(false).fromString(parser.getValue("commands", "apply_updates"));
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

std::string otherManager(const Settings& settings) {
  const bool installs = isEnabled(settings, "dnf-automatic-install.timer") ||
                        (isEnabled(settings, "dnf-automatic.timer") && appliesUpdates(settings));
  return installs ? "dnf-automatic" : "";
}

}  // namespace redflag::dnf
