#pragma once
// Who this agent is and whom it believes: `identity/` in the state folder, the owner's alone.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
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
  // `machine_id`: sealed_key.h.
  IdentityStore(const std::filesystem::path& state_folder, std::string machine_id);

  bool enrolled() const;
  // kNotFound before the first enrolment; else kInvalid or kCorrupt, naming the bad member.
  Result<Identity> load() const;
  // Replaces it at once and durably.
  Result<> save(const Identity& identity) const;

  Result<protocol::SigningKey> loadKey() const;
  // The present key, or a new one that is on disk before it is answered: an enrolment that lost its reply
  // asks again with the same key.
  Result<protocol::SigningKey> loadOrMakeKey() const;
  // Forgets identity and key, so that the next enrolment makes another agent.
  Result<> forget() const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::string machine_id_;
};

}  // namespace redflag::kernel
