#pragma once
// The server's half of the trust root: a folder of plain files, `metadata/` and `targets/`, in which the
// offline keys' documents were put by `redflag-server keys publish`, and beside them the snapshot and
// timestamp that the server signs itself, again before they expire.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/command_list.h"
#include "protocol/keys.h"
#include "protocol/tuf/trusted_set.h"

namespace redflag::trust {

struct OnlineKeys {
  protocol::SigningKey snapshot;
  protocol::SigningKey timestamp;
};

// What is published now.
struct PublishedTrust {
  std::int64_t root_version = 0;
  std::int64_t targets_version = 0;
  std::int64_t targets_expires_ns = 0;
  protocol::CommandList commands;
};

// The newest root document that was published there; nullopt while there is none.
std::optional<protocol::TrustRoot> newestRoot(const std::filesystem::path& folder);
// The newest list that was published there, not verified; nullopt while there is none.
std::optional<protocol::CommandList> publishedList(const std::filesystem::path& folder);
// The restore epoch that the newest list there asks for; 0 while there is none.
std::int64_t publishedEpoch(const std::filesystem::path& folder);

class Repository {
 public:
  Repository(std::filesystem::path folder, const OnlineKeys& keys)
      : folder_(std::move(folder)), keys_(keys) {}

  // Verifies what is in the folder as an agent does and signs what has to be signed. nullopt: nothing was
  // published yet. Throws std::runtime_error, with what is wrong, and leaves what agents see as it was. [any
  // thread]
  std::optional<PublishedTrust> refresh(std::int64_t now_ns);

  // The same without signing anything, for who only looks. [any thread]
  std::optional<PublishedTrust> look(std::int64_t now_ns) const;

  // The content of one file, "metadata/timestamp.json"; nullopt when there is none, or it is none of a
  // repository's.
  std::optional<std::string> file(const std::string& name) const;

 private:
  std::filesystem::path metadata(const std::string& name) const { return folder_ / "metadata" / name; }
  struct Verified;
  std::optional<Verified> verified(std::int64_t now_ns) const;
  void checkOnlineKeys(const tuf::Root& root) const;
  void signAgain(tuf::TrustedSet& trusted, const std::string& targets, std::int64_t targets_version,
                 std::int64_t now_ns) const;
  bool isCurrent(tuf::TrustedSet& trusted, std::int64_t targets_version, std::int64_t now_ns) const;
  void forgetOldSnapshots(std::int64_t newest) const;

  const std::filesystem::path folder_;
  const OnlineKeys keys_;
  std::mutex mutex_;
};

}  // namespace redflag::trust
