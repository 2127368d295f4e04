#pragma once
// The first administrator: whoever can read the console of a server without users.

#include <atomic>
#include <optional>
#include <string>

#include "auth/interfaces.h"

namespace redflag::auth {

class Setup {
 public:
  // Makes a one-time token if there is no user. The store outlives it.
  explicit Setup(UserStore& users);

  // Closed for ever once a user exists. [any thread]
  bool open() const;
  // For the console; empty when closed.
  const std::string& token() const { return token_; }
  // Makes `user` the first one. Throws Problem 404 when closed, 401 for a wrong token. [any thread]
  void complete(const std::string& token, const User& user);
  // The checks of complete() alone, before anything dear is done.
  void check(const std::string& token) const;

  // Whether a path is a spelling of the setup screen: "/setup", "//Setup/x".
  static bool isSetupPath(const std::string& decoded_path);

 private:
  UserStore& users_;
  std::string token_;
  mutable std::atomic<bool> closed_{false};
};

}  // namespace redflag::auth
