#pragma once
// The agent's access token: in memory only, so that each start asks for one and a copied state folder shows
// itself; asked for again when two thirds of its life are over. While it is not known which key the agent has
// (key_rotation.h), that is asked first. Threads: any.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "link/key_rotation.h"
#include "link/server_api.h"

namespace redflag::kernel {

class Access {
 public:
  struct Parts {
    std::filesystem::path identity_folder;
    std::string agent_id;
    const protocol::SigningKey& key;  // outlives it, as the next
    KeyRotation* rotation = nullptr;  // none: the key stays as it is
  };
  explicit Access(Parts parts) : parts_(std::move(parts)) {}

  // What a request says in its Authorization header. Asks the server over `api` when a new token is due; its
  // failure is the answer only when the present one is over, too.
  Answer<std::string> authorization(ServerApi& api);
  // A new key for the agent, as this order asks: its id. The old one is not used from then on. kRefused: the
  // server does not take it, and the key stays as it is. Other failures: ask again, also after a restart.
  Answer<std::string> changeKey(ServerApi& api, const std::string& command_id);
  // The server does not take this one any more.
  void refused(const std::string& authorization);

 private:
  Answer<bool> renew(ServerApi& api);
  Answer<bool> take(const Json& answer);
  Answer<bool> settleKey(ServerApi& api);
  Answer<bool> answerPending(ServerApi& api);

  const Parts parts_;
  std::mutex mutex_;
  std::string authorization_;
  std::int64_t due_ns_ = 0;  // monotonic, as the next
  std::int64_t ends_ns_ = 0;
  bool key_replaced_ = false;  // whoever opens the agent's files next uses the new one
};

}  // namespace redflag::kernel
