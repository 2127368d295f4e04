#include "common/units.h"

namespace redflag::plugin {
namespace {

constexpr std::string_view kService = ".service";

}  // namespace

std::string unitOf(std::string_view control_group) {
  constexpr std::string_view kUsers = "/user.slice/";
  if (control_group.starts_with(kUsers)) return {};
  std::string unit;
  while (!control_group.empty()) {
    control_group.remove_prefix(1);
    const auto part = control_group.substr(0, control_group.find('/'));
    control_group.remove_prefix(part.size());
    // What a service keeps in groups of its own below is its own; a container there is not.
    if (part.starts_with("libpod-") || part.starts_with("docker") || part.ends_with(".scope")) return {};
    if (unit.empty() && part.size() > kService.size() && part.ends_with(kService)) unit = part;
  }
  return unit;
}

}  // namespace redflag::plugin
