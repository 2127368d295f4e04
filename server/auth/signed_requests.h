#pragma once
// Requests of agents: sdk/protocol/README.md, "RFC 9421 signatures".

#include <string>

#include "auth/access_tokens.h"
#include "auth/interfaces.h"
#include "auth/nonce_memory.h"
#include "base/time.h"
#include "http/head.h"

namespace redflag::auth {

class SignedRequests {
 public:
  // All outlive it. `clock`: by which access tokens end.
  SignedRequests(AgentDirectory& agents, NonceMemory& nonces, const AccessTokens& tokens, const Clock& clock);

  // An enrolled agent with an access token of its own, both for the key that signed: the present one, or the
  // one before for a while. Throws Problem 401: signature.invalid whatever is
  // wrong with the signature (no such agent, another key, another request, none at all), or what NonceMemory
  // says; to the holder of the key also agent.revoked, token.invalid, token.expired, token.superseded (a
  // newer one was handed out) and token.ended (another copy of the agent was accepted). [any thread]
  http::Principal agent(const http::RequestHead& head, const std::string& peer);
  // An enrolled agent that asks for an access token: known by its key alone. [any thread]
  http::Principal renewing(const http::RequestHead& head, const std::string& peer);
  // A key that asks to become an agent's. It proves that it holds the key; nothing else is known of it. [any
  // thread]
  http::Principal enrolling(const http::RequestHead& head);
  // Whether what this key signs is the agent's, now. [any thread]
  bool opens(const AgentIdentity& agent, const std::string& public_key) const;
  // Throws Problem 401 signature.invalid unless the body is the one whose digest was signed.
  static void checkBody(const http::RequestHead& head, std::string_view body);

 private:
  AgentIdentity holder(const http::RequestHead& head, bool with_token, const std::string& peer);
  std::string checkToken(const http::RequestHead& head, const AgentIdentity& agent, const std::string& peer);

  AgentDirectory& agents_;
  NonceMemory& nonces_;
  const AccessTokens& tokens_;
  const Clock& clock_;
};

}  // namespace redflag::auth
