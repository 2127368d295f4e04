#pragma once
// Who this agent is and whom it believes: `identity/` in the state folder, the owner's alone.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "identity/sealed_key.h"
#include "protocol/bundle.h"
#include "protocol/keys.h"

namespace redflag::kernel {

struct Identity {
  std::string agent_id;
  std::string client_id;
  std::string site_id;
  std::vector<std::string> urls;         // of the server
  std::vector<std::string> authorities;  // CA certificates, DER: the only ones TLS believes
  std::string journal_id;                // the record of orders that belongs to it (trust/order_journal.h)
};

class IdentityStore {
 public:
  // `marks`: what keys are bound to.
  IdentityStore(const std::filesystem::path& state_folder, MarkReader marks);

  bool enrolled() const;
  // kNotFound before the first enrolment; else kInvalid or kCorrupt, naming the bad member.
  Result<Identity> load() const;
  // Replaces it at once and durably.
  Result<> save(const Identity& identity) const;

  // Replaces `before` by `after`; kConflict when it is another agent's by now.
  Result<> replace(const Identity& before, const Identity& after) const;

  // A key that is bound to other parts than this machine has now is bound anew, by its owner. kNotFound, or
  // sealed_key.h.
  Result<OpenedKey> openKey() const;
  Result<protocol::SigningKey> loadKey() const;
  // The present key, or a new one that is on disk before it is answered: an enrolment that lost its reply
  // asks again with the same key.
  Result<protocol::SigningKey> loadOrMakeKey() const;
  // For an agent that is re-bound, or rotates its key: the key that is to take the place of the present one,
  // beside it; the same again after a lost reply.
  Result<protocol::SigningKey> loadOrMakeNextKey() const;
  // kNotFound where none was made; else as openKey().
  Result<protocol::SigningKey> loadNextKey() const;
  // The server knows the next key: it takes the old one's place, which is gone.
  Result<> adoptNextKey() const;
  // The server does not want it.
  Result<> dropNextKey() const;
  // Forgets identity and keys, so that the next enrolment makes another agent.
  Result<> forget() const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  Result<protocol::SigningKey> makeKey(const char* file) const;

  std::filesystem::path folder_;
  MarkReader marks_;
};

}  // namespace redflag::kernel
