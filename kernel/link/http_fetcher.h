#pragma once
// Files of a TUF repository over HTTP: https, with the certificate authorities that this machine trusts; http
// only to this machine itself. What is fetched is believed for its signatures, not for where it came from.
// Redirects are not followed.

#include <Poco/URI.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "trust/tuf/fetcher.h"

namespace redflag::kernel {

// Slower than this is no retrieval: in each window so many bytes must come, headers included in the first,
// and all of it within a time that grows with what may come.
struct RetrievalFloor {
  std::int64_t window_ns = 5'000'000'000;
  std::uint64_t bytes_in_window = 4096;
  std::int64_t least_ns = 60'000'000'000;
  std::uint64_t bytes_per_s = 32'768;
};

class HttpFetcher final : public tuf::Fetcher {
 public:
  // kInvalid, with what is wrong, unless `base` is an address of this kind, without query or user.
  static Result<HttpFetcher> make(const std::string& base, RetrievalFloor floor = {});

  Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) override;

 private:
  HttpFetcher(Poco::URI base, RetrievalFloor floor) : base_(std::move(base)), floor_(floor) {}
  Poco::URI base_;
  RetrievalFloor floor_;
};

}  // namespace redflag::kernel
