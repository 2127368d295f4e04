// Bytes at the broker's socket, with its messages' lengths in front of them or without.
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "broker/broker.h"
#include "fuzz.h"

namespace redflag::fuzz {
namespace {

void serve(kernel::Broker& broker, std::string_view bytes) {
  int ends[2];
  claim(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  // A pair holds far more than one message may have.
  static_cast<void>(!::send(ends[1], bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  ::shutdown(ends[1], SHUT_WR);
  platform::LocalStream stream{platform::Descriptor(ends[0])};
  const std::atomic<bool> stopping = false;
  static_cast<void>(broker.serve(stream, stopping));
  ::close(ends[1]);
}

}  // namespace

REDFLAG_FUZZ(broker_message) {
  using namespace kernel;
  static const auto kFolder = std::filesystem::temp_directory_path() / "broker";
  static const auto kStore = [] {
    std::filesystem::create_directories(kFolder / "plugins");
    std::ofstream(kFolder / "agent.yaml") << "version: 1\nplugins: {apt: {}}\n";
    return ConfigStore::open(kFolder / "agent.yaml", kFolder).value();
  }();
  // There is no plugin and no host: whatever is asked for, none is started.
  static Broker kBroker({"/nonexistent", kFolder / "plugins", kFolder / "agent.yaml", kFolder, {}}, *kStore,
                        nullptr);
  serve(kBroker, input);
  const auto size = input.size();
  std::string framed;
  for (unsigned shift = 0; shift < 32; shift += 8)
    framed += static_cast<char>((size >> shift) & 0xFFU);
  serve(kBroker, framed + std::string(input));
}

}  // namespace redflag::fuzz
