#pragma once
// Where a TUF client gets files from. It knows of no protocol: references are relative, percent-encoded.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::kernel::tuf {

class Fetcher {
 public:
  // Gets the content piece by piece; its error ends the fetch.
  using Sink = std::function<Result<>(std::string_view part)>;

  virtual ~Fetcher() = default;
  // kNotFound: the repository answers that it has no such file. kLimit: there is more than `max_bytes`.
  // kUnavailable: it cannot be had now, or comes too slowly.
  virtual Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) = 0;
};

Result<std::string> fetchAll(Fetcher& fetcher, const std::string& reference, std::uint64_t max_bytes);

// Everything but letters, digits and -._~ becomes %XX; also the slash, unless it is kept.
enum class Slashes { kEncoded, kKept };
std::string percentEncoded(std::string_view text, Slashes slashes = Slashes::kEncoded);

}  // namespace redflag::kernel::tuf
