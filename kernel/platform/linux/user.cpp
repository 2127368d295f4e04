#include "platform/user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>

namespace redflag::platform {

std::optional<User> findUser(const std::string& name_or_number) {
  std::uint32_t number = 0;
  const char* end = name_or_number.data() + name_or_number.size();
  const auto [stop, error] = std::from_chars(name_or_number.data(), end, number);
  const bool is_number = error == std::errc() && stop == end;
  const passwd* entry = is_number ? ::getpwuid(number) : ::getpwnam(name_or_number.c_str());
  if (entry == nullptr) return is_number ? std::optional<User>({number, number, ""}) : std::nullopt;
  const group* primary = ::getgrgid(entry->pw_gid);
  return User{entry->pw_uid, entry->pw_gid, primary == nullptr ? "" : primary->gr_name};
}

bool mayBecomeOthers() {
  return ::geteuid() == 0;
}

}  // namespace redflag::platform
