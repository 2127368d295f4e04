#pragma once
// What one would use instead: Poco's own HTTPS server with a handler that does nothing, a thread a
// connection.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

namespace redflag::bench {

struct Peer {
  pid_t pid = -1;
  std::uint16_t port = 0;
};

// In a process of its own, with the certificate of a server's `tls` folder; killed by endPeer(). Before any
// thread.
Peer startPeer(const std::filesystem::path& tls);
void endPeer(const Peer& peer);

}  // namespace redflag::bench
