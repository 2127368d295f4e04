#pragma once
// Users of this machine, as its own files name them: those of services, never a directory's.

#include <cstdint>
#include <optional>
#include <string>

namespace redflag::platform {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string group;  // the primary group's name; "" when it has none
};

// By name or number. A number needs no entry: then it is its own group.
std::optional<User> findUser(const std::string& name_or_number);

// The group of that name; nullopt where there is none.
std::optional<std::uint32_t> findGroup(const std::string& name);

// True for root, who may become another user.
bool mayBecomeOthers();

}  // namespace redflag::platform
