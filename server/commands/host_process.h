#pragma once
// A child program that leads its own process group, talks on one socket, and does not outlive this object.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::commands {

class HostProcess {
 public:
  // The socket is the child's descriptors 3 and 4; stdin, stdout and stderr are /dev/null, everything else is
  // closed, the environment is built. Limits on memory, processor time, files and processes hold before the
  // first byte is sent.
  static Result<HostProcess> start(const std::filesystem::path& program, std::int64_t cpu_s);
  HostProcess(HostProcess&& other) noexcept;
  HostProcess& operator=(HostProcess&&) = delete;
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  ~HostProcess();

  // Both give up with kUnavailable at `deadline_ns` of the monotonic clock.
  Result<> send(std::string_view bytes, std::int64_t deadline_ns);
  Result<std::string> receive(std::int64_t deadline_ns);  // "" when the child has closed its end

 private:
  HostProcess(int socket, int pid) : socket_(socket), pid_(pid) {}
  int socket_ = -1;
  int pid_ = -1;
};

}  // namespace redflag::commands
