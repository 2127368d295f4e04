#pragma once
// The offline half of the trust root: a folder with the keys of the roles `root` and `targets`, for a machine
// that need not be the server. What is changed is staged until enough keys have signed it; what was complete
// once never changes.
//
//   offline/KEYID.json       a private key, encrypted (secret_key.h)
//   root/N.root.json         every complete root      targets/N.targets.json   every complete targets
//   document staged/root.json, staged/targets.json             the next ones, with the signatures they have
//   so far content/trust/commands.json                       what the newest targets document describes
//
// All throw std::runtime_error for people to read, before anything is changed.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/command_list.h"
#include "protocol/keys.h"
#include "protocol/tuf/trusted_set.h"
#include "trust/secret_key.h"

namespace redflag::trust {

// What the server says of itself, all of it public: `redflag-server keys server`.
struct ServerKeys {
  std::string snapshot;  // 32 raw bytes, as the next
  std::string timestamp;
  protocol::CommandKey command;
  std::vector<std::string> urls;
  std::vector<std::string> authorities;  // DER
};
std::string encodeServerKeys(const ServerKeys& keys);
ServerKeys decodeServerKeys(std::string_view text);  // throws std::runtime_error

// Asks for the passphrase of a key; `twice` for a new one. "" means: not this key.
using AskPassphrase = std::function<std::string(const std::string& prompt, bool twice)>;

struct ListChange {
  std::optional<ServerKeys>
      server;  // its command key is added, its addresses and authorities replace the present
  std::vector<std::string> revoke;  // key ids
  std::int64_t valid_ns = 0;        // of the added key, from now on
  std::optional<std::int64_t> restore_epoch;
  std::optional<std::int64_t> minimal_envelope_version;
};

class KeyFolder {
 public:
  // Makes the folder (0700) with one key for root and one for targets, and stages version 1 of both.
  static KeyFolder make(const std::filesystem::path& folder, const ServerKeys& server,
                        const AskPassphrase& ask, std::int64_t now_ns, const Argon2Cost& cost = {});
  // `cost`: of the keys that are added.
  explicit KeyFolder(const std::filesystem::path& folder, const Argon2Cost& cost = {});

  // `role`: "root" or "targets". Answers the new key's id.
  std::string addKey(const std::string& role, const AskPassphrase& ask, std::int64_t now_ns);
  void removeKey(const std::string& role, const std::string& key_id, std::int64_t now_ns);
  void setThreshold(const std::string& role, std::uint64_t threshold, std::int64_t now_ns);
  // The server has other keys for snapshot and timestamp.
  void replaceOnlineKeys(const ServerKeys& server, std::int64_t now_ns);
  void changeList(const ListChange& change, std::int64_t now_ns);
  // The same again with a later end.
  void renew(const std::string& role, std::int64_t valid_ns, std::int64_t now_ns);

  // Signs what is staged with each key of this folder that counts for it. Answers how many signatures were
  // made.
  std::size_t sign(const AskPassphrase& ask);
  // Puts everything complete into a repository's folder. Refuses while thresholds are missed, and a folder
  // that is ahead of this one or belongs to another root.
  void publish(const std::filesystem::path& repository);

  Json describe() const;

 private:
  struct Staged {
    Json body;
    Json signatures;
  };

  std::filesystem::path completeFile(const std::string& role, std::int64_t version) const;
  std::int64_t newest(const std::string& role) const;         // 0: none
  std::optional<Json> latest(const std::string& role) const;  // the body
  std::optional<Staged> staged(const std::string& role) const;
  Json current(const std::string& role) const;  // staged, or else complete
  void stage(const std::string& role, Json body) const;
  Json next(const std::string& role, std::int64_t now_ns) const;
  protocol::CommandList list() const;
  void stageList(const protocol::CommandList& list, std::int64_t now_ns) const;
  void keysChanged(const std::string& role, Json root, std::int64_t now_ns) const;
  std::string makeKey(const std::string& role, Json& root, const AskPassphrase& ask) const;
  // A staged document that may be published, and the version it becomes.
  struct Ready {
    std::string text;
    std::int64_t version = 0;
  };
  void checkStaged(const std::string& role, const tuf::Document& document) const;
  std::optional<Ready> ready(const std::string& role, const std::optional<std::string>& root_text) const;
  void complete(const std::string& role, const std::optional<Ready>& ready) const;
  void checkSuccessor(const std::filesystem::path& repository) const;

  std::filesystem::path folder_;
  Argon2Cost cost_;
};

}  // namespace redflag::trust
