#include "trust/tuf/client.h"

#include <set>

namespace redflag::kernel::tuf {
namespace {

using redflag::tuf::kMaxRootBytes;
using redflag::tuf::kMaxTimestampBytes;
using redflag::tuf::kRoot;
using redflag::tuf::kSnapshot;
using redflag::tuf::kTargets;
using redflag::tuf::kTimestamp;

tl::unexpected<Error> because(const Error& error) {
  return tl::unexpected<Error>(error);
}

}  // namespace

Result<> trustRoot(const Store& store, std::string_view root) {
  // Whether it has expired is asked when it is used.
  if (auto trusted = TrustedSet::start(root, 0); !trusted) return because(trusted.error());
  if (auto ok = store.prepare(); !ok) return ok;
  return store.write(kRoot, root);
}

Result<std::string> Client::fetch(const std::string& role, std::optional<std::int64_t> version,
                                  std::size_t max_bytes) {
  if (metadata_ == nullptr) {
    return fail(Code::kUnavailable,
                role + ".json: what is stored does not hold or has expired, and no repository is in reach");
  }
  const std::string prefix = version ? std::to_string(*version) + "." : std::string();
  return fetchAll(*metadata_, prefix + percentEncoded(role) + ".json", max_bytes);
}

std::optional<std::int64_t> Client::versioned(std::int64_t version) const {
  return trusted_->root().consistent_snapshot ? std::optional(version) : std::nullopt;
}

Result<> Client::updateRoots() {
  for (int i = 0; metadata_ != nullptr && i < kMaxRootRotations; ++i) {
    const auto next = fetch(kRoot, trusted_->root().version + 1, kMaxRootBytes);
    if (!next && next.error().code == Code::kNotFound) break;
    if (!next) return because(next.error());
    const auto change = trusted_->updateRoot(*next);
    if (!change) return because(change.error());
    if (change->recovery) {
      // First: after a crash in between the next refresh sees the same change once more.
      for (const char* role : {kTimestamp, kSnapshot})
        if (auto ok = store_.remove(role); !ok) return ok;
    }
    if (auto ok = store_.write(kRoot, *next); !ok) return ok;
  }
  return trusted_->checkRoot();
}

Result<> Client::updateTimestamp() {
  const auto stored = store_.read(kTimestamp);
  // A stored file that is damaged, or signed by keys of the past, counts as none.
  const bool usable = stored && trusted_->storedTimestamp(*stored);
  if (metadata_ == nullptr && usable) return trusted_->checkTimestamp();
  const auto offered = fetch(kTimestamp, std::nullopt, kMaxTimestampBytes);
  if (!offered) return because(offered.error());
  const auto newer = trusted_->updateTimestamp(*offered);
  if (!newer) return because(newer.error());
  return *newer ? store_.write(kTimestamp, *offered) : Result<>{};
}

Result<> Client::updateSnapshot() {
  if (const auto stored = store_.read(kSnapshot)) {
    if (trusted_->storedSnapshot(*stored) && trusted_->snapshotIsCurrent()) return {};
  }
  const auto offered =
      fetch(kSnapshot, versioned(trusted_->timestamp()->snapshot.version), trusted_->snapshotLimit());
  if (!offered) return because(offered.error());
  if (auto ok = trusted_->updateSnapshot(*offered); !ok) return ok;
  return store_.write(kSnapshot, *offered);
}

Result<std::shared_ptr<const Targets>> Client::load(const Visit& visit) {
  const std::string name = visit.role == nullptr ? kTargets : visit.role->name;
  const auto check = [&](const std::string& text) {
    return visit.role == nullptr ? trusted_->checkTargets(text)
                                 : trusted_->checkDelegated(text, *visit.role, visit.parent->delegations);
  };
  if (const auto stored = store_.read(name)) {
    if (auto targets = check(*stored)) return std::make_shared<const Targets>(std::move(*targets));
  }
  const auto meta = trusted_->metaOf(name);
  if (!meta) return because(meta.error());
  const auto offered = fetch(name, versioned(meta->version), TrustedSet::targetsLimit(*meta));
  if (!offered) return because(offered.error());
  auto targets = check(*offered);
  if (!targets) return because(targets.error());
  if (auto ok = store_.write(name, *offered); !ok) return because(ok.error());
  return std::make_shared<const Targets>(std::move(*targets));
}

Result<> Client::refresh() {
  const auto root = store_.read(kRoot);
  if (!root) return because(root.error());
  auto trusted = TrustedSet::start(*root, clock_.epochNs());
  if (!trusted) return because(trusted.error());
  trusted_ = std::move(*trusted);
  if (auto ok = updateRoots(); !ok) return ok;
  if (auto ok = updateTimestamp(); !ok) return ok;
  if (auto ok = updateSnapshot(); !ok) return ok;
  const auto targets = load({});
  if (!targets) return because(targets.error());
  targets_expire_ns_ = (*targets)->expires_ns;
  return {};
}

Result<TargetFile> Client::find(const std::string& target) {
  std::set<std::string> visited;
  std::vector<Visit> waiting{Visit{}};
  while (!waiting.empty() && visited.size() < kMaxVisitedRoles) {
    const Visit visit = std::move(waiting.back());
    waiting.pop_back();
    if (!visited.insert(visit.role == nullptr ? kTargets : visit.role->name).second) continue;
    const auto targets = load(visit);
    if (!targets) return because(targets.error());
    const auto found = (*targets)->targets.find(target);
    if (found != (*targets)->targets.end()) return found->second;
    std::vector<Visit> next;
    for (const DelegatedRole& role : (*targets)->delegations.roles) {
      if (!role.covers(target)) continue;
      next.push_back({&role, *targets});
      if (!role.terminating) continue;
      waiting.clear();
      break;
    }
    waiting.insert(waiting.end(), next.rbegin(), next.rend());
  }
  return fail(Code::kNotFound, "the repository has no target \"" + target + "\"");
}

std::string Client::referenceOf(const TargetFile& target) const {
  const auto slash = target.name.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  const std::string prefix = trusted_->root().consistent_snapshot ? target.info.hash() + "." : std::string();
  return percentEncoded(target.name.substr(0, base) + prefix + target.name.substr(base), Slashes::kKept);
}

}  // namespace redflag::kernel::tuf
