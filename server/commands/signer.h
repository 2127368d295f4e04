#pragma once
// Signs commands at the moment an agent fetches them, with the server's command key.

#include <filesystem>
#include <vector>

#include "base/json.h"
#include "protocol/bundle.h"
#include "protocol/keys.h"
#include "store/commands.h"

namespace redflag::commands {

// A key that the server signs with by itself: the seed's 32 bytes as base64url; made (mode 0600) where there
// is none. Refuses a file that others may read. kIo, kCorrupt, kDenied.
Result<protocol::SigningKey> loadOrMakeKey(const std::filesystem::path& key_file);

class CommandSigner {
 public:
  explicit CommandSigner(const protocol::SigningKey& key) : key_(key) {}

  // loadOrMakeKey().
  static Result<CommandSigner> load(const std::filesystem::path& key_file);

  // The transport form of the envelope. kInvalid when the order does not fit into one. [any thread]
  Result<Json> sign(const store::Command& command, std::int64_t restore_epoch, std::int64_t now) const;
  // What the list of command keys says of it.
  std::vector<protocol::CommandKey> publicKeys() const;

 private:
  protocol::SigningKey key_;
};

}  // namespace redflag::commands
