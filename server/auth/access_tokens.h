#pragma once
// Access tokens of agents: JSON Web Tokens (RFC 7519) with one algorithm, bound to the agent's key (RFC
// 7800), of use only in requests which that key signs. And the refresh tokens that bring the next one.
//
// Written and read here because a library that picks the algorithm from the token's header is what such
// tokens are broken by: the header of ours is one constant text, and anything else is not a token of ours.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/token_memory.h"
#include "protocol/keys.h"

namespace redflag::auth {

struct AccessClaims {
  std::string agent_id;     // sub
  std::string client_id;    // client
  std::string thumbprint;   // cnf.jkt: keyThumbprint() of the agent's key
  std::string line;         // which line of state documents it continues
  std::int64_t number = 0;  // of the last document of that line
  std::int64_t issued_at_s = 0;
  std::int64_t expires_at_s = 0;
  std::string id;  // jti
};

// RFC 7638, of an Ed25519 key as RFC 8037 writes it; base64url.
std::string keyThumbprint(std::string_view public_key);

class AccessTokens {
 public:
  // `key` is used for nothing else. `life_s`: of an access token.
  AccessTokens(protocol::SigningKey key, std::int64_t life_s);

  std::string issue(const AccessClaims& claims) const;
  // The claims of a token that was issued with this key, whether or not it has expired; nullopt for anything
  // else. [any thread]
  std::optional<AccessClaims> verify(std::string_view token) const;

  // 32 bytes that nobody without the key can guess, the same each time: an answer that was lost is given
  // again, and a server that was restored from a backup still knows what it handed out since.
  std::string refreshToken(const std::string& agent_id, const std::string& line, std::int64_t number) const;

  std::int64_t lifeS() const { return life_s_; }

 private:
  const protocol::SigningKey key_;
  const std::int64_t life_s_;
  const std::string refresh_key_;
  mutable TokenMemory verified_;
};

}  // namespace redflag::auth
