#pragma once
// Where the server is and whom TLS believes, as the newest list of command keys says it
// (protocol/command_list.h), which the offline keys signed. The agent takes both over by itself, so that an
// address or an authority can be replaced without visiting a machine. What works is not given up before the
// new, without it, has worked once.

#include <mutex>

#include "identity/identity.h"
#include "link/https_client.h"
#include "protocol/command_list.h"

namespace redflag::kernel {

class ServerPlaces {
 public:
  struct Parts {
    const IdentityStore& store;
    const Identity& identity;  // in use; as the rest, it outlives this
    const Proxy& proxy;
    const HttpTimes& times;
  };
  explicit ServerPlaces(const Parts& parts) : parts_(parts) {}

  // A verified list, while there is contact. Where it says something else than what is in use, a connection
  // is tried with nothing but that, every ten minutes until it works; then it replaces what is stored, and
  // whoever keeps the session opens another. From one thread, as the next.
  void follow(const protocol::CommandList& list);
  // The same, while there is no contact: what it says is stored beside what is in use.
  void widen(const protocol::CommandList& list);
  // Ends a try that runs, and all later ones. [any thread]
  void interrupt();

 private:
  void keep(const std::vector<std::string>& urls, const std::vector<std::string>& authorities);
  bool works(const protocol::CommandList& list);
  bool answers(HttpsClient& client);

  const Parts parts_;
  Identity tried_;  // its places were tried, and will be again; monotonic
  std::int64_t try_again_ns_ = 0;
  bool widened_ = false;
  std::mutex mutex_;  // of what follows
  HttpsClient* trying_ = nullptr;
  bool interrupted_ = false;
};

}  // namespace redflag::kernel
