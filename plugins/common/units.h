#pragma once
// Which service a process belongs to.

#include <string>
#include <string_view>

namespace redflag::plugin {

// "ssh.service" of "/system.slice/ssh.service"; "" for what no system service owns: sessions, scopes,
// containers.
std::string unitOf(std::string_view control_group);

}  // namespace redflag::plugin
