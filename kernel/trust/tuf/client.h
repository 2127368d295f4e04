#pragma once
// The client's side of TUF 1.0, chapter 5: brings the stored metadata up to date and finds targets in it.
// What was stored before still serves when a repository cannot be reached. Threads: one owner.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "protocol/tuf/trusted_set.h"
#include "trust/tuf/fetcher.h"
#include "trust/tuf/store.h"

namespace redflag::kernel::tuf {

using redflag::tuf::DelegatedRole;
using redflag::tuf::Delegations;
using redflag::tuf::TargetFile;
using redflag::tuf::Targets;
using redflag::tuf::TrustedSet;

constexpr int kMaxRootRotations = 256;        // in one refresh
constexpr std::size_t kMaxVisitedRoles = 32;  // in the search for one target

// Trusts a root document for how it came here; it must keep its own threshold.
Result<> trustRoot(const Store& store, std::string_view root);

class Client {
 public:
  // `metadata`: nullptr where there is no network; then only what is stored counts.
  Client(Store store, Fetcher* metadata, const Clock& clock)
      : store_(std::move(store)), metadata_(metadata), clock_(clock) {}

  // All four roles, or the first reason against it: kDenied for what is not to be trusted (expired, too old,
  // not enough signatures…), kInvalid for what is malformed, kUnavailable for what cannot be had. What was
  // verified before that is stored. Without network the same, of what is stored.
  Result<> refresh();

  // After refresh(). kNotFound when nobody who may speak for the name knows it.
  Result<TargetFile> find(const std::string& target);

  // Where the repository keeps its content, relative and percent-encoded.
  std::string referenceOf(const TargetFile& target) const;

  const TrustedSet& trusted() const { return *trusted_; }
  std::int64_t targetsExpireNs() const { return targets_expire_ns_; }

 private:
  struct Visit {
    const DelegatedRole* role = nullptr;    // nullptr: the targets role itself
    std::shared_ptr<const Targets> parent;  // who delegates to it, and owns `role`
  };

  Result<> updateRoots();
  Result<> updateTimestamp();
  Result<> updateSnapshot();
  Result<std::shared_ptr<const Targets>> load(const Visit& visit);
  Result<std::string> fetch(const std::string& role, std::optional<std::int64_t> version,
                            std::size_t max_bytes);
  std::optional<std::int64_t> versioned(std::int64_t version) const;

  Store store_;
  Fetcher* metadata_;
  const Clock& clock_;
  std::optional<TrustedSet> trusted_;
  std::int64_t targets_expire_ns_ = 0;
};

}  // namespace redflag::kernel::tuf
