#pragma once
// What service accounts show instead of a session: "Authorization: Bearer rf_…". The store holds only the
// hash of the 32 random bytes, so that a stolen database opens nothing.

#include <optional>
#include <string>

#include "auth/interfaces.h"
#include "base/time.h"

namespace redflag::auth {

class ApiTokens {
 public:
  // Both outlive it.
  ApiTokens(TokenStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  // Whose the Authorization header's token is, if it is good now. Notes that it is used, once a minute. [any
  // thread]
  std::optional<TokenAccount> find(const std::string& authorization);
  // By Principal::token_id; nothing is noted. [any thread]
  std::optional<TokenAccount> findById(const std::string& token_id);

  // Whether the header speaks of one of these, good or not.
  static bool isOne(const std::string& authorization);
  static std::string newSecret();
  static std::string hashOf(const std::string& secret);  // 32 raw bytes

 private:
  std::optional<TokenAccount> good(const std::string& hash);

  TokenStore& store_;
  const Clock& clock_;
};

}  // namespace redflag::auth
