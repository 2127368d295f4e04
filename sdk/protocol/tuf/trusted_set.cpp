#include "protocol/tuf/trusted_set.h"

#include <algorithm>

#include "base/time.h"

namespace redflag::tuf {
namespace {

tl::unexpected<Error> passOn(const Error& error) {
  return tl::unexpected<Error>(error);
}

tl::unexpected<Error> older(const std::string& what, std::int64_t offered, std::int64_t trusted) {
  return fail(Code::kDenied, what + " has version " + std::to_string(offered) + ", but " +
                                 std::to_string(trusted) +
                                 " was there already: an old state is offered again");
}

std::size_t limitOf(const FileInfo& info, std::size_t otherwise) {
  return info.length ? static_cast<std::size_t>(std::min<std::uint64_t>(*info.length, kMaxMetadataBytes))
                     : otherwise;
}

}  // namespace

Result<TrustedSet> TrustedSet::start(std::string_view text, std::int64_t now_ns) {
  const auto document = readDocument(text, kMaxRootBytes, kRoot);
  if (!document) return passOn(document.error());
  auto root = readRoot(*document);
  if (!root) return passOn(root.error());
  if (auto ok = checkThreshold(*document, root->keys, root->roles.at(kRoot), kRoot); !ok)
    return passOn(ok.error());
  return TrustedSet(std::move(*root), now_ns);
}

Result<TrustedSet::RootChange> TrustedSet::updateRoot(std::string_view text) {
  const auto document = readDocument(text, kMaxRootBytes, kRoot);
  if (!document) return passOn(document.error());
  auto next = readRoot(*document);
  if (!next) return passOn(next.error());
  if (auto ok = signedByRoot(*document, kRoot); !ok) return passOn(ok.error());
  if (auto ok = checkThreshold(*document, next->keys, next->roles.at(kRoot), "root (by its own keys)"); !ok) {
    return passOn(ok.error());
  }
  if (next->version != root_.version + 1) {
    return fail(Code::kDenied, "root has version " + std::to_string(next->version) + ", expected " +
                                   std::to_string(root_.version + 1));
  }
  RootChange change;
  for (const char* role : {kTimestamp, kSnapshot})
    change.recovery = change.recovery || next->roles.at(role) != root_.roles.at(role);
  if (change.recovery) {
    timestamp_.reset();
    snapshot_.reset();
  }
  root_ = std::move(*next);
  return change;
}

Result<> TrustedSet::checkRoot() const {
  return checkFresh(root_, kRoot);
}

Result<> TrustedSet::signedByRoot(const Document& document, const char* role) const {
  return checkThreshold(document, root_.keys, root_.roles.at(role), role);
}

Result<> TrustedSet::checkFresh(const Common& document, const std::string& name) const {
  if (document.expires_ns > now_ns_) return {};
  return fail(Code::kDenied, name + " version " + std::to_string(document.version) + " expired at " +
                                 toRfc3339(document.expires_ns));
}

Result<> TrustedSet::storedTimestamp(std::string_view text) {
  const auto document = readDocument(text, kMaxTimestampBytes, kTimestamp);
  if (!document) return passOn(document.error());
  if (auto ok = signedByRoot(*document, kTimestamp); !ok) return ok;
  auto stored = readTimestamp(*document);
  if (!stored) return passOn(stored.error());
  timestamp_ = std::move(*stored);
  return {};
}

Result<bool> TrustedSet::updateTimestamp(std::string_view text) {
  const auto document = readDocument(text, kMaxTimestampBytes, kTimestamp);
  if (!document) return passOn(document.error());
  if (auto ok = signedByRoot(*document, kTimestamp); !ok) return passOn(ok.error());
  auto next = readTimestamp(*document);
  if (!next) return passOn(next.error());
  if (timestamp_) {
    if (next->version < timestamp_->version) return older(kTimestamp, next->version, timestamp_->version);
    if (next->version == timestamp_->version) {
      if (auto ok = checkTimestamp(); !ok) return passOn(ok.error());
      return false;
    }
    if (next->snapshot.version < timestamp_->snapshot.version) {
      return older("timestamp's snapshot", next->snapshot.version, timestamp_->snapshot.version);
    }
  }
  if (auto ok = checkFresh(*next, kTimestamp); !ok) return passOn(ok.error());
  timestamp_ = std::move(*next);
  return true;
}

Result<> TrustedSet::checkTimestamp() const {
  if (!timestamp_) return fail(Code::kNotFound, "there is no timestamp");
  return checkFresh(*timestamp_, kTimestamp);
}

Result<> TrustedSet::storedSnapshot(std::string_view text) {
  const auto document = readDocument(text, kMaxMetadataBytes, kSnapshot);
  if (!document) return passOn(document.error());
  if (auto ok = signedByRoot(*document, kSnapshot); !ok) return ok;
  auto stored = readSnapshot(*document);
  if (!stored) return passOn(stored.error());
  snapshot_ = std::move(*stored);
  snapshot_as_announced_ = timestamp_ && checkContent(timestamp_->snapshot.info, text).has_value();
  return {};
}

bool TrustedSet::snapshotIsCurrent() const {
  return timestamp_ && snapshot_ && snapshot_as_announced_ &&
         snapshot_->version == timestamp_->snapshot.version && checkFresh(*snapshot_, kSnapshot).has_value();
}

std::size_t TrustedSet::snapshotLimit() const {
  return limitOf(timestamp_ ? timestamp_->snapshot.info : FileInfo{}, kMaxSnapshotBytes);
}

// Nothing that was listed may be gone or have gone back.
Result<> TrustedSet::checkNotOlder(const Snapshot& next) const {
  if (!snapshot_) return {};
  if (next.version < snapshot_->version) return older(kSnapshot, next.version, snapshot_->version);
  for (const auto& [name, file] : snapshot_->meta) {
    const auto found = next.meta.find(name);
    if (found == next.meta.end()) return fail(Code::kDenied, "snapshot: " + name + " is not listed any more");
    if (found->second.version < file.version) {
      return older("snapshot's " + name, found->second.version, file.version);
    }
  }
  return {};
}

Result<> TrustedSet::updateSnapshot(std::string_view text) {
  if (!timestamp_) return fail(Code::kConflict, "a snapshot needs a timestamp first");
  if (auto ok = checkContent(timestamp_->snapshot.info, text); !ok) return failAt(kSnapshot, ok.error());
  const auto document = readDocument(text, snapshotLimit(), kSnapshot);
  if (!document) return passOn(document.error());
  if (auto ok = signedByRoot(*document, kSnapshot); !ok) return ok;
  auto next = readSnapshot(*document);
  if (!next) return passOn(next.error());
  if (next->version != timestamp_->snapshot.version) {
    return fail(Code::kDenied, "snapshot has version " + std::to_string(next->version) +
                                   ", the timestamp names " + std::to_string(timestamp_->snapshot.version));
  }
  if (auto ok = checkNotOlder(*next); !ok) return ok;
  if (auto ok = checkFresh(*next, kSnapshot); !ok) return ok;
  snapshot_ = std::move(*next);
  snapshot_as_announced_ = true;
  return {};
}

std::size_t TrustedSet::targetsLimit(const MetaFile& file) {
  return limitOf(file.info, kMaxTargetsBytes);
}

Result<MetaFile> TrustedSet::metaOf(const std::string& role) const {
  if (!snapshotIsCurrent()) return fail(Code::kConflict, role + " needs a current snapshot first");
  const auto found = snapshot_->meta.find(role + ".json");
  if (found == snapshot_->meta.end())
    return fail(Code::kNotFound, "the snapshot does not list " + role + ".json");
  return found->second;
}

Result<Targets> TrustedSet::targetsOf(std::string_view text, const std::string& name, const Keys& keys,
                                      const Role& role) const {
  auto meta = metaOf(name);
  if (!meta) return passOn(meta.error());
  if (auto ok = checkContent(meta->info, text); !ok) return failAt(name, ok.error());
  const auto document = readDocument(text, targetsLimit(*meta), name);
  if (!document) return passOn(document.error());
  if (auto ok = checkThreshold(*document, keys, role, name); !ok) return passOn(ok.error());
  auto targets = readTargets(*document, name);
  if (!targets) return targets;
  if (targets->version != meta->version) {
    return fail(Code::kDenied, name + " has version " + std::to_string(targets->version) +
                                   ", the snapshot names " + std::to_string(meta->version));
  }
  if (auto ok = checkFresh(*targets, name); !ok) return passOn(ok.error());
  return targets;
}

Result<Targets> TrustedSet::checkTargets(std::string_view text) const {
  return targetsOf(text, kTargets, root_.keys, root_.roles.at(kTargets));
}

Result<Targets> TrustedSet::checkDelegated(std::string_view text, const DelegatedRole& role,
                                           const Delegations& parent) const {
  return targetsOf(text, role.name, parent.keys, role.role);
}

}  // namespace redflag::tuf
