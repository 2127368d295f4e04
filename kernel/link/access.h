#pragma once
// The agent's access token: in memory only, so that each start asks for one and a copied state folder shows
// itself; asked for again when two thirds of its life are over. Threads: any.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "link/server_api.h"

namespace redflag::kernel {

class Access {
 public:
  struct Parts {
    std::filesystem::path identity_folder;
    std::string agent_id;
    const protocol::SigningKey& key;  // outlives it
  };
  explicit Access(Parts parts) : parts_(std::move(parts)) {}

  // What a request says in its Authorization header. Asks the server over `api` when a new token is due; its
  // failure is the answer only when the present one is over, too.
  Answer<std::string> authorization(ServerApi& api);
  // The server does not take this one any more.
  void refused(const std::string& authorization);

 private:
  Answer<bool> renew(ServerApi& api);
  Answer<bool> take(const Json& answer);

  const Parts parts_;
  std::mutex mutex_;
  std::string authorization_;
  std::int64_t due_ns_ = 0;  // monotonic, as the next
  std::int64_t ends_ns_ = 0;
};

}  // namespace redflag::kernel
