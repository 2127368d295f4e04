#pragma once
// A new key for this agent. The new one is on disk before the server hears of it, and both stay until the
// server has said that it has the new one: whatever ends the process or loses an answer in between, the same
// hand-over is sent again, signed with the key that the server takes. Threads: one at a time (Access).

#include <functional>
#include <string>

#include "identity/handover_state.h"
#include "identity/identity.h"
#include "link/server_api.h"

namespace redflag::kernel {

class KeyRotation {
 public:
  // All outlive it.
  struct Parts {
    const IdentityStore& store;
    const std::string& agent_id;
    const protocol::SigningKey& key;     // the present one
    std::function<void()> adopted = {};  // the new key is the agent's: what uses the old one is to end
  };
  explicit KeyRotation(Parts parts) : parts_(std::move(parts)) {}

  // The server may have taken a new key, and this agent does not know it.
  bool unsettled() const;
  // Whether the agent has the key already that this order asked for.
  bool doneFor(const std::string& command_id) const;
  // Makes a key and its hand-over. Nothing is sent.
  Result<> begin(const std::string& command_id);

  struct Outcome {
    bool adopted = false;
    Failure refusal = {};  // why the server will never take it: the agent keeps the key it has
  };
  // Sends what is unsettled. A failure: not known yet, ask again.
  Answer<Outcome> settle(ServerApi& api);

 private:
  Result<> giveUp();

  const Parts parts_;
};

}  // namespace redflag::kernel
