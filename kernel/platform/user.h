#pragma once
// Users of this machine, by name.

#include <cstdint>
#include <optional>
#include <string>

namespace redflag::platform {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string group;  // the primary group's name; "" when it has none
};

// By name or number. A number needs no entry in the system's list: then it is its own group's.
std::optional<User> findUser(const std::string& name_or_number);

// True for root, who may become another user.
bool mayBecomeOthers();

}  // namespace redflag::platform
