#pragma once
// The list of command keys as a TUF target: verified from the root that the enrolment bundle pins, kept below
// one folder. The kernel and the executor each have one of their own; neither believes the other's. Threads:
// refresh() from one, the rest from any.

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "protocol/bundle.h"
#include "trust/command_source.h"
#include "trust/tuf/client.h"

namespace redflag::kernel {

// The code under which it is reported that a server's trust repository is not believed (protocol/README.md).
constexpr const char* kTrustRefused = "trust_refused";

class CommandTrust final : public CommandSource {
 public:
  // `folder`: metadata/ and content/ are made in it.
  CommandTrust(std::filesystem::path folder, const Clock& clock);

  // Trusts the pinned root where none is trusted yet. Where one is, it stays: the pinned one must be that
  // one, one of those before it, or one that it leads to by what the specification asks of successors. Else
  // kDenied, and nothing changes: who hands out bundles does not choose whom a machine believes. Only until
  // confirm() a root that was pinned anew gives way to another: that enrolment came to nothing.
  Result<> begin(const protocol::TrustRoot& pinned, tuf::Fetcher& metadata);
  // This machine is an agent of that server.
  Result<> confirm();

  // Brings everything up to date. kDenied and kInvalid: what is offered is not to be believed, and no list
  // is, until a refresh succeeds. kUnavailable: nothing was offered; what is known goes on until it expires.
  Result<> refresh(tuf::Fetcher& metadata, tuf::Fetcher& content);
  // Of what is stored.
  Result<> load();

  Result<protocol::CommandList> commands() const override;

  // {"metadata":{name: text…},"content":text}: what another CommandTrust needs to come to the same.
  Json files() const;

 private:
  struct Known {
    protocol::CommandList list;
    std::int64_t expires_ns = 0;  // of the targets document
  };

  // Nothing: none is trusted yet.
  Result<std::optional<std::string>> presentRoot() const;
  bool knows(const protocol::TrustRoot& pinned, std::int64_t present_version) const;
  Result<> beginAnew(const protocol::TrustRoot& pinned, tuf::Fetcher& metadata);
  Result<Known> read(tuf::Client& client, tuf::Fetcher* content);
  Result<> keep(Result<Known> known);

  const std::filesystem::path folder_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<Known> known_;
  std::string why_not_;
};

// Files that another process handed over: CommandTrust::files().
class HandedFiles final : public tuf::Fetcher {
 public:
  enum class Part { kMetadata, kContent };
  HandedFiles(const Json& files, Part part) : files_(files), part_(part) {}
  Result<> fetch(const std::string& reference, std::uint64_t max_bytes, const Sink& sink) override;

 private:
  const Json& files_;
  Part part_;
};

}  // namespace redflag::kernel
