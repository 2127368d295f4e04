#pragma once
// What a TUF client believes, and the rules by which it comes to believe more: chapter 5 of the specification
// without files and network. Root first, then timestamp, snapshot, targets; each only by the one before it. A
// refused document changes nothing. Threads: one owner.

#include <optional>
#include <string>
#include <string_view>

#include "protocol/tuf/metadata.h"

namespace redflag::tuf {

// The longest that is read of what nothing announces a length for.
constexpr std::size_t kMaxRootBytes = 512'000;
constexpr std::size_t kMaxTimestampBytes = 16'384;
constexpr std::size_t kMaxSnapshotBytes = 2'000'000;
constexpr std::size_t kMaxTargetsBytes = 5'000'000;
// And of what is announced to be longer.
constexpr std::size_t kMaxMetadataBytes = 16'000'000;

class TrustedSet {
 public:
  // Trusts this root for how it came here; it must still keep its own threshold. `now_ns`: the time that
  // decides about expiry, for as long as this object lives.
  static Result<TrustedSet> start(std::string_view root, std::int64_t now_ns);

  const Root& root() const { return root_; }
  const std::optional<Timestamp>& timestamp() const { return timestamp_; }
  const std::optional<Snapshot>& snapshot() const { return snapshot_; }

  // The next root, version N+1: signed as root N and as itself want it.
  struct RootChange {
    // The timestamp's or snapshot's keys are others now: stored ones must go, so that versions an attacker
    // drove up bind nobody any more.
    bool recovery = false;
  };
  Result<RootChange> updateRoot(std::string_view text);
  // kDenied when the root has expired. Only after the last one: those between do not count.
  Result<> checkRoot() const;

  // What was stored is believed as the oldest that may follow, expired or not.
  Result<> storedTimestamp(std::string_view text);
  // True: it is to be stored. False: it has the version of the one that is trusted already, which stays.
  Result<bool> updateTimestamp(std::string_view text);
  // As a stored one, with nothing newer in reach.
  Result<> checkTimestamp() const;

  Result<> storedSnapshot(std::string_view text);
  // Whether the stored one is the very one that the timestamp names; then nothing has to be fetched.
  bool snapshotIsCurrent() const;
  Result<> updateSnapshot(std::string_view text);

  // The most that is read of what comes next.
  std::size_t snapshotLimit() const;
  static std::size_t targetsLimit(const MetaFile& file);
  // kNotFound when the snapshot knows no such role.
  Result<MetaFile> metaOf(const std::string& role) const;
  // The targets role itself.
  Result<Targets> checkTargets(std::string_view text) const;
  // A role that `parent` delegates to.
  Result<Targets> checkDelegated(std::string_view text, const DelegatedRole& role,
                                 const Delegations& parent) const;

 private:
  TrustedSet(Root root, std::int64_t now_ns) : root_(std::move(root)), now_ns_(now_ns) {}
  Result<> signedByRoot(const Document& document, const char* role) const;
  Result<> checkFresh(const Common& document, const std::string& name) const;
  Result<> checkNotOlder(const Snapshot& next) const;
  Result<Targets> targetsOf(std::string_view text, const std::string& name, const Keys& keys,
                            const Role& role) const;

  Root root_;
  std::int64_t now_ns_;
  std::optional<Timestamp> timestamp_;
  std::optional<Snapshot> snapshot_;
  bool snapshot_as_announced_ = false;
};

}  // namespace redflag::tuf
