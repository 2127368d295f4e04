#include "trust/repository.h"

#include <algorithm>
#include <stdexcept>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "base/time.h"
#include "protocol/tuf/signing.h"
#include "trust/files.h"

namespace redflag::trust {
namespace {

namespace fs = std::filesystem;
using tuf::kRoot;
using tuf::kSnapshot;
using tuf::kTargets;
using tuf::kTimestamp;

constexpr std::int64_t kHourNs = 3600 * kSecondNs;
constexpr std::int64_t kTimestampValidNs = 48 * kHourNs;
constexpr std::int64_t kSnapshotValidNs = 14 * 24 * kHourNs;
constexpr std::int64_t kKeptSnapshots = 3;  // for agents that are reading

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error("trust repository: " + result.error().text);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// Versions that follow the clock are newer than all before also after a restore from a backup, so that what
// is published then is not taken for old.
std::int64_t versionAfter(std::int64_t before, std::int64_t now_ns) {
  return std::max(before + 1, now_ns / kSecondNs);
}

Json documentBody(const char* type, std::int64_t version, std::int64_t expires_ns, const char* file,
                  Json meta) {
  return {{"_type", type},
          {"spec_version", "1.0.31"},
          {"version", version},
          {"expires", tuf::expiryText(expires_ns)},
          {"meta", {{file, std::move(meta)}}}};
}

std::string signedBy(const protocol::SigningKey& key, const Json& body) {
  return tuf::documentText(body, Json::array({must(tuf::signatureFor(key, body))}));
}

Json metaOf(const std::string& text, std::int64_t version) {
  Json meta = tuf::describeContent(text);
  meta["version"] = version;
  return meta;
}

tuf::TrustedSet trustedRoot(const fs::path& metadata, std::int64_t newest, std::int64_t now_ns) {
  const auto first = readIfThere(versioned(metadata, 1, kRoot));
  if (!first) throw std::runtime_error("trust repository: 1.root.json is missing");
  auto trusted = must(tuf::TrustedSet::start(*first, now_ns));
  for (std::int64_t version = 2; version <= newest; ++version) {
    const auto next = readIfThere(versioned(metadata, version, kRoot));
    if (!next) throw std::runtime_error("trust repository: root " + std::to_string(version) + " is missing");
    must(trusted.updateRoot(*next));
  }
  return trusted;
}

protocol::CommandList listIn(const fs::path& folder, const tuf::Targets& targets) {
  const auto target = targets.targets.find(protocol::kCommandListTarget);
  if (target == targets.targets.end()) {
    throw std::runtime_error(std::string("trust repository: targets does not list ") +
                             protocol::kCommandListTarget);
  }
  const std::string name = hashedName(target->first, target->second.info.hash());
  const auto text = readIfThere(folder / "targets" / name);
  if (!text) throw std::runtime_error("trust repository: targets/" + name + " is missing");
  must(tuf::checkContent(target->second.info, *text));
  return must(protocol::decodeCommandList(*text));
}

}  // namespace

std::optional<protocol::TrustRoot> newestRoot(const fs::path& folder) {
  const std::int64_t version = newestVersion(folder / "metadata", kRoot);
  const auto text = readIfThere(versioned(folder / "metadata", version, kRoot));
  if (!text) return std::nullopt;
  return protocol::TrustRoot{version, sha256(*text)};
}

std::optional<protocol::CommandList> publishedList(const fs::path& folder) {
  const std::int64_t version = newestVersion(folder / "metadata", kTargets);
  const auto text = readIfThere(versioned(folder / "metadata", version, kTargets));
  if (!text) return std::nullopt;
  const auto targets =
      must(tuf::readTargets(must(tuf::readDocument(*text, tuf::kMaxTargetsBytes, kTargets)), kTargets));
  return listIn(folder, targets);
}

std::int64_t publishedEpoch(const fs::path& folder) {
  const auto list = publishedList(folder);
  return list ? list->restore_epoch : 0;
}

void Repository::checkOnlineKeys(const tuf::Root& root) const {
  const auto has = [&root](const char* role, const protocol::SigningKey& key) {
    const auto& ids = root.roles.at(role).key_ids;
    return std::find(ids.begin(), ids.end(), tuf::tufKeyId(tuf::ed25519KeyToJson(key.publicKey()))) !=
           ids.end();
  };
  if (!has(kSnapshot, keys_.snapshot) || !has(kTimestamp, keys_.timestamp)) {
    throw std::runtime_error(
        "trust repository: its root names other snapshot and timestamp keys than this server's; "
        "run `redflag-server keys rotate --server FILE` where the offline keys are");
  }
}

// Whether what is signed already still says this, for half of its time at least.
bool Repository::isCurrent(tuf::TrustedSet& trusted, std::int64_t targets_version,
                           std::int64_t now_ns) const {
  const auto timestamp = readIfThere(metadata("timestamp.json"));
  if (!timestamp || !trusted.storedTimestamp(*timestamp)) return false;
  const auto snapshot =
      readIfThere(versioned(folder_ / "metadata", trusted.timestamp()->snapshot.version, kSnapshot));
  if (!snapshot || !trusted.storedSnapshot(*snapshot) || !trusted.snapshotIsCurrent()) return false;
  return trusted.snapshot()->meta.at("targets.json").version == targets_version &&
         trusted.timestamp()->expires_ns - now_ns > kTimestampValidNs / 2 &&
         trusted.snapshot()->expires_ns - now_ns > kSnapshotValidNs / 2;
}

void Repository::signAgain(tuf::TrustedSet& trusted, const std::string& targets, std::int64_t targets_version,
                           std::int64_t now_ns) const {
  const std::int64_t newest = newestVersion(folder_ / "metadata", kSnapshot);
  const std::int64_t snapshot_version = versionAfter(newest, now_ns);
  const std::string snapshot =
      signedBy(keys_.snapshot, documentBody(kSnapshot, snapshot_version, now_ns + kSnapshotValidNs,
                                            "targets.json", metaOf(targets, targets_version)));
  const std::int64_t before = trusted.timestamp() ? trusted.timestamp()->version : 0;
  const std::string timestamp = signedBy(
      keys_.timestamp, documentBody(kTimestamp, versionAfter(before, now_ns), now_ns + kTimestampValidNs,
                                    "snapshot.json", metaOf(snapshot, snapshot_version)));
  auth::writePublicFile(versioned(folder_ / "metadata", snapshot_version, kSnapshot), snapshot);
  auth::writePublicFile(metadata("timestamp.json"), timestamp);
  forgetOldSnapshots(snapshot_version);
  trusted = trustedRoot(folder_ / "metadata", trusted.root().version, now_ns);
  must(trusted.updateTimestamp(timestamp));
  must(trusted.updateSnapshot(snapshot));
}

void Repository::forgetOldSnapshots(std::int64_t newest) const {
  std::vector<std::int64_t> versions;
  for (std::int64_t version = newest; version > 0 && versions.size() < 64;) {
    versions.push_back(version);
    std::int64_t next = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "metadata")) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(".snapshot.json")) continue;
      const std::int64_t found = std::strtoll(name.c_str(), nullptr, 10);
      if (found < version) next = std::max(next, found);
    }
    version = next;
  }
  for (std::size_t i = kKeptSnapshots; i < versions.size(); ++i)
    fs::remove(versioned(folder_ / "metadata", versions[i], kSnapshot));
}

struct Repository::Verified {
  tuf::TrustedSet root;
  std::string targets;
  PublishedTrust published;
};

std::optional<Repository::Verified> Repository::verified(std::int64_t now_ns) const {
  const fs::path folder = folder_ / "metadata";
  const std::int64_t root_version = newestVersion(folder, kRoot);
  const std::int64_t targets_version = newestVersion(folder, kTargets);
  if (root_version == 0 || targets_version == 0) return std::nullopt;
  auto trusted = trustedRoot(folder, root_version, now_ns);
  must(trusted.checkRoot());
  checkOnlineKeys(trusted.root());
  const auto text = readIfThere(versioned(folder, targets_version, kTargets));
  const auto document = must(tuf::readDocument(text.value(), tuf::kMaxTargetsBytes, kTargets));
  must(tuf::checkThreshold(document, trusted.root().keys, trusted.root().roles.at(kTargets), kTargets));
  const auto offered = must(tuf::readTargets(document, kTargets));
  if (offered.version != targets_version) {
    throw std::runtime_error("trust repository: " + std::to_string(targets_version) +
                             ".targets.json says version " + std::to_string(offered.version));
  }
  PublishedTrust published{root_version, targets_version, offered.expires_ns, listIn(folder_, offered)};
  return Verified{std::move(trusted), *text, std::move(published)};
}

std::optional<PublishedTrust> Repository::look(std::int64_t now_ns) const {
  auto found = verified(now_ns);
  return found ? std::optional(std::move(found->published)) : std::nullopt;
}

std::optional<PublishedTrust> Repository::refresh(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  auto found = verified(now_ns);
  if (!found) return std::nullopt;
  const std::int64_t version = found->published.targets_version;
  if (!isCurrent(found->root, version, now_ns)) signAgain(found->root, found->targets, version, now_ns);
  return std::move(found->published);
}

std::optional<std::string> Repository::file(const std::string& name) const {
  const fs::path path = fs::path(name).lexically_normal();
  const bool inside =
      !path.is_absolute() && !path.empty() && (*path.begin() == "metadata" || *path.begin() == "targets");
  if (!inside || name.find('\0') != std::string::npos) return std::nullopt;
  const fs::path file = folder_ / path;
  if (!fs::is_regular_file(fs::symlink_status(file))) return std::nullopt;
  return readIfThere(file);
}

}  // namespace redflag::trust
