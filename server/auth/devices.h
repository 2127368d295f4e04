#pragma once
// Browsers that once signed in to an account. Their cookie opens nothing: it only keeps an attacker who
// exhausts the account's failures from keeping its owner out.

#include <string>

namespace redflag::auth {

class Devices {
 public:
  // `key`: 32 secret bytes that outlast restarts.
  explicit Devices(std::string key);

  // The whole Set-Cookie value for a browser that just signed in to the account.
  std::string cookieFor(const std::string& account) const;
  // Names the device if the request's cookie was given out for this account; else empty.
  std::string deviceOf(const std::string& cookie_header, const std::string& account) const;

 private:
  std::string seal(const std::string& device, const std::string& account) const;

  const std::string key_;
};

}  // namespace redflag::auth
