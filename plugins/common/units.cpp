#include "common/units.h"

#include "common/package_text.h"

namespace redflag::plugin {
namespace {

constexpr std::string_view kService = ".service";

// As Podman, Docker, Kubernetes, LXC (Proxmox's too) and systemd-nspawn call the group of one; what is in it
// is a machine of its own, with services of the same names. "X.slice:cri-containerd:ID" is what containerd
// makes below itself where the kubelet, and not it, was told to use systemd.
bool isContainer(std::string_view group) {
  if (group.ends_with(kService)) return false;
  return group.starts_with("libpod-") || group.starts_with("docker") || group == "lxc" ||
         group.starts_with("lxc.") || group == "payload" || group.starts_with("kubepods") ||
         group.find(".slice:") != std::string_view::npos || group.ends_with(".scope");
}

// A group may be called anything; a unit may not.
bool isService(std::string_view group) {
  return group.size() > kService.size() && group.ends_with(kService) && isPrintableText(group);
}

}  // namespace

std::string unitOf(std::string_view control_group) {
  constexpr std::string_view kUsers = "/user.slice/";
  if (control_group.starts_with(kUsers)) return {};
  std::string unit;
  while (!control_group.empty()) {
    control_group.remove_prefix(1);
    auto part = control_group.substr(0, control_group.find('/'));
    control_group.remove_prefix(part.size());
    // systemd puts it before what would read as a file of the kernel's: "_cpu.service".
    if (part.starts_with('_')) part.remove_prefix(1);
    // What a service keeps in groups of its own below is its own; a container there is not.
    if (isContainer(part)) return {};
    if (unit.empty() && isService(part)) unit = part;
  }
  return unit;
}

}  // namespace redflag::plugin
