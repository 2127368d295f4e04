#pragma once
// Sockets between programs of one machine. A message is a u32 little-endian length and that many bytes;
// whoever sends more than the receiver's limit, or is too slow, is cut off. The other end's user is known
// from the system, not from what it says.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "platform/descriptor.h"

namespace redflag::platform {

struct Peer {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t pid = 0;
};

class LocalStream {
 public:
  explicit LocalStream(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  // kUnavailable when nobody listens there; kDenied when the socket's permissions refuse us.
  static Result<LocalStream> connect(const std::filesystem::path& path);

  Result<Peer> peer() const;
  // kUnavailable: not done within the time. kLimit: longer than max_bytes. nullopt: the other end closed
  // before a message.
  Result<std::optional<std::string>> receive(std::size_t max_bytes, std::int64_t timeout_ns);
  Result<> send(std::string_view message, std::int64_t timeout_ns);
  // Beside messages: one open descriptor, and nobody else's. Given away, it is closed here.
  Result<> giveDescriptor(Descriptor given, std::int64_t timeout_ns);
  Result<Descriptor> takeDescriptor(std::int64_t timeout_ns);
  // Both directions, for good; whoever waits on this stream wakes.
  void shutDown();
  int descriptor() const { return descriptor_.get(); }
  // Gives up the connection to whoever speaks something else over it.
  Descriptor leave() { return std::move(descriptor_); }

 private:
  Descriptor descriptor_;
};

class LocalListener {
 public:
  // Replaces a socket that a dead process left; kConflict when somebody still listens. `mode`: permission
  // bits of the socket; `group`: its group's name, "" leaves it. A group that does not exist is not an error:
  // only the owner gets in.
  static Result<LocalListener> listen(const std::filesystem::path& path, std::uint32_t mode,
                                      const std::string& group);
  LocalListener(LocalListener&& other) noexcept;
  LocalListener& operator=(LocalListener&& other) noexcept;
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;
  ~LocalListener();  // removes the socket

  // nullopt: nobody came within the time, or wake() was called.
  Result<std::optional<LocalStream>> accept(std::int64_t timeout_ns);
  // Ends a waiting accept(), now or the next one. From any thread.
  void wake();

 private:
  LocalListener(Descriptor descriptor, Descriptor wake, std::filesystem::path path)
      : descriptor_(std::move(descriptor)), wake_(std::move(wake)), path_(std::move(path)) {}
  Descriptor descriptor_;
  Descriptor wake_;
  std::filesystem::path path_;
};

}  // namespace redflag::platform
