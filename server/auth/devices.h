#pragma once
// Browsers that once signed in to an account. Their cookie opens nothing: it only keeps an attacker who
// exhausts the account's failures from keeping its owner out.

#include <string>

namespace redflag::auth {

class Devices {
 public:
  // `key`: 32 secret bytes that outlast restarts.
  explicit Devices(std::string key);

  // Of an account as it is now: with another password it knows none of its devices any more.
  struct Account {
    std::string name;
    std::string password_hash;
  };
  // The whole Set-Cookie value for a browser that just signed in to the account.
  std::string cookieFor(const Account& account) const;
  // Names the device if the request's cookie was given out for this account; else empty.
  std::string deviceOf(const std::string& cookie_header, const Account& account) const;

 private:
  std::string seal(const std::string& device, const Account& account) const;

  const std::string key_;
};

}  // namespace redflag::auth
