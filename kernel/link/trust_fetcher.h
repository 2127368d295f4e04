#pragma once
// The server's trust repository over the connection that the agent has anyway.

#include <optional>
#include <string>

#include "link/server_api.h"
#include "trust/tuf/fetcher.h"

namespace redflag::kernel {

constexpr const char* kTrustMetadata = "/trust/metadata/";
constexpr const char* kTrustTargets = "/trust/targets/";

// Threads: as the client, which outlives it.
class TrustFetcher final : public tuf::Fetcher {
 public:
  TrustFetcher(HttpsClient& client, std::string folder) : client_(client), folder_(std::move(folder)) {}
  Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) override;
  // Whether the server asked to come later with it, and when: an Error has no place for that.
  const std::optional<Failure>& putOff() const { return put_off_; }

 private:
  HttpsClient& client_;
  const std::string folder_;
  std::optional<Failure> put_off_;
};

}  // namespace redflag::kernel
