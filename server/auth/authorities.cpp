#include "auth/authorities.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "auth/secret_file.h"
#include "auth/x509.h"

namespace redflag::auth {
namespace {

constexpr const char* kRoles[] = {"active", "reserve", "next", "spare", "old", "former"};

bool hasRole(const std::vector<Authorities::Role>& all, const std::string& name) {
  return std::any_of(all.begin(), all.end(), [&](const auto& role) { return role.name == name; });
}

}  // namespace

// The folder itself, which is there before and after each file in it.
AuthorityLock::AuthorityLock(const std::filesystem::path& folder, Access access)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), folder.string());
  while (::flock(fd_, access == Access::kChange ? LOCK_EX : LOCK_SH) != 0) {
    if (errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    throw std::system_error(error, std::generic_category(), folder.string());
  }
}

AuthorityLock::~AuthorityLock() {
  ::close(fd_);
}

std::vector<Authorities::Role> Authorities::all() const {
  const AuthorityLock lock(folder_, AuthorityLock::Access::kRead);
  std::vector<Role> out;
  for (const char* name : kRoles) {
    if (auto pem = readSecretFile(folder_ / (std::string("ca-") + name + ".pem")))
      out.push_back({name, std::move(*pem)});
  }
  if (!hasRole(out, "active"))
    throw std::runtime_error((folder_ / "ca-active.pem").string() +
                             " is missing: start the server, which finishes a change that was cut short, or "
                             "restore it from a backup");
  return out;
}

std::vector<std::string> Authorities::certificatesDer() const {
  const auto all = this->all();
  const bool replaces_reserve = hasRole(all, "spare") && hasRole(all, "next");
  const bool replaced_both = hasRole(all, "former");
  std::vector<std::string> out;
  for (const Role& role : all) {
    const bool given_up = role.name == "former" || (role.name == "old" && replaced_both) ||
                          (role.name == "reserve" && replaces_reserve);
    if (!given_up) out.push_back(toDer(*certificateFromPem(role.pem)));
  }
  return out;
}

std::optional<std::string> Authorities::certificateDer(const std::string& role) const {
  for (const Role& one : all())
    if (one.name == role) return toDer(*certificateFromPem(one.pem));
  return std::nullopt;
}

std::string Authorities::activePem() const {
  return all().front().pem;
}

}  // namespace redflag::auth
