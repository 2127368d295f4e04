#pragma once
// The server's own certificate authorities as they lie in their folder, to read: nothing is ever made or
// moved here. What changes them is authority.h.
//
// Folder: ca-<role>.pem ca-<role>.key server.pem (with its issuer) server.key

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace redflag::auth {

class Authorities {
 public:
  explicit Authorities(std::filesystem::path folder) : folder_(std::move(folder)) {}

  struct Role {
    std::string name;  // active | reserve | next | spare | old | former
    std::string pem;
  };
  // All that are there, the active one first, as they were at one moment: a change that is under way in
  // another process is waited for. Throws std::runtime_error where there is no active one, or one of them
  // cannot be read.
  std::vector<Role> all() const;

  // As DER, the active one first: what agents are to believe from now on. Without those that somebody may
  // have stolen and that no agent needs to reach this server.
  std::vector<std::string> certificatesDer() const;
  // One in DER; nullopt while there is none in that role.
  std::optional<std::string> certificateDer(const std::string& role) const;
  std::string activePem() const;

  std::filesystem::path chainFile() const { return folder_ / "server.pem"; }
  std::filesystem::path keyFile() const { return folder_ / "server.key"; }

 protected:
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

// One process at a time changes the authorities, or reads them all. Held for as long as it lives; ends with
// the process. Throws std::system_error.
class AuthorityLock {
 public:
  enum class Access { kRead, kChange };
  AuthorityLock(const std::filesystem::path& folder, Access access);
  ~AuthorityLock();
  AuthorityLock(const AuthorityLock&) = delete;
  AuthorityLock& operator=(const AuthorityLock&) = delete;

 private:
  int fd_;
};

}  // namespace redflag::auth
