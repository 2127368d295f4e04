#pragma once
// Requests of agents: sdk/protocol/README.md, "RFC 9421 signatures".

#include <string>

#include "auth/interfaces.h"
#include "auth/nonce_memory.h"
#include "http/head.h"

namespace redflag::auth {

class SignedRequests {
 public:
  // Both outlive it.
  SignedRequests(const AgentDirectory& agents, NonceMemory& nonces);

  // An enrolled agent. Throws Problem 401: signature.invalid whatever is wrong with it (no such agent,
  // another key, another request, no signature at all), or what NonceMemory says. [any thread]
  http::Principal agent(const http::RequestHead& head);
  // A key that asks to become an agent's. It proves that it holds the key; nothing else is known of it. [any
  // thread]
  http::Principal enrolling(const http::RequestHead& head);
  // Throws Problem 401 signature.invalid unless the body is the one whose digest was signed.
  static void checkBody(const http::RequestHead& head, std::string_view body);

 private:
  const AgentDirectory& agents_;
  NonceMemory& nonces_;
};

}  // namespace redflag::auth
