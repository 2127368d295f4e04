#pragma once
// One GET at a local socket. HTTP/1.0 on purpose: the answer ends with the connection, in one piece, so that
// root's process has next to nothing to parse. Source: RFC 1945, RFC 9112 section 6.3.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::kernel {

struct LocalAnswer {
  int http_status = 0;
  std::string body;
};

// kNotFound: no such socket. kUnavailable: nobody listens, or not within the time, or `stopping`. kDenied:
// its permissions. kLimit: a body of more than max_bytes. kInvalid: the answer is not HTTP, or was cut off.
// `target` must not hold spaces or control bytes. Threads: any.
Result<LocalAnswer> getLocal(const std::filesystem::path& socket, std::string_view target,
                             std::size_t max_bytes, std::int64_t timeout_ns,
                             const std::atomic<bool>& stopping);

}  // namespace redflag::kernel
