#pragma once
// Until when the makers of this system support it, where the machine itself says so: by os-release's
// SUPPORT_END, or by the table that distributions keep of their own versions (the package distro-info-data).

#include <map>
#include <string>
#include <string_view>

namespace redflag::system {

// Days, as in "2028-06-30", the last one included; "" where it is not known.
struct SupportEnd {
  std::string regular;
  std::string long_term;  // of a public long-term support after the regular one (Debian's LTS)

  bool operator==(const SupportEnd&) const = default;
};

// Where a system keeps that table, by os-release's ID; "" for what is no ID.
std::string versionTable(std::string_view os_id);

// `release` as of os-release, `table` as of the file above, or "". What is bought (Ubuntu's ESM, Debian's
// ELTS) is no support that a machine is known to have, and left out.
SupportEnd supportEnd(const std::map<std::string, std::string>& release, std::string_view table);

}  // namespace redflag::system
