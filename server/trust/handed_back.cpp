// What agents hand back of a repository: set_back.h.
#include <stdexcept>

#include "protocol/command_list.h"
#include "protocol/tuf/signing.h"
#include "protocol/tuf/trusted_set.h"
#include "trust/files.h"
#include "trust/repository.h"
#include "trust/set_back.h"

namespace redflag::trust {
namespace {

using tuf::kRoot;
using tuf::kSnapshot;
using tuf::kTargets;
using tuf::kTimestamp;

const std::string* textOf(const Json& files, const std::string& name) {
  const auto file = files.find(name);
  return file == files.end() ? nullptr : file->get_ptr<const std::string*>();
}

// The newest root here, and from there on those that were handed back, as far as they follow.
tuf::Root newestRootOf(const std::filesystem::path& folder, const Json& handed, std::int64_t now_ns) {
  const auto first = readIfThere(versioned(folder, 1, kRoot));
  auto trusted = tuf::TrustedSet::start(first.value_or(""), now_ns);
  if (!trusted) throw std::runtime_error("trust repository: " + trusted.error().text);
  const std::int64_t newest = newestVersion(folder, kRoot);
  for (std::int64_t version = 2; version <= newest; ++version) {
    const auto next = readIfThere(versioned(folder, version, kRoot));
    const auto ok = trusted->updateRoot(next.value_or(""));
    if (!ok) throw std::runtime_error("trust repository: " + ok.error().text);
  }
  while (const std::string* next = textOf(handed, std::to_string(trusted->root().version + 1) + ".root.json"))
    if (!trusted->updateRoot(*next)) break;
  return trusted->root();
}

// nullopt: there is none, or not of that role.
std::optional<tuf::Document> signedDocument(const Json& metadata, const tuf::Root& root, const char* role) {
  const std::string* text = textOf(metadata, std::string(role) + ".json");
  if (text == nullptr) return std::nullopt;
  auto document = tuf::readDocument(*text, tuf::kMaxTargetsBytes, role);
  if (!document || !tuf::checkThreshold(*document, root.keys, root.roles.at(role), role)) return std::nullopt;
  return std::move(*document);
}

std::int64_t epochOf(const tuf::Targets& targets, const std::string& content) {
  const auto target = targets.targets.find(protocol::kCommandListTarget);
  if (target == targets.targets.end() || !tuf::checkContent(target->second.info, content)) return 0;
  const auto list = protocol::decodeCommandList(content);
  return list ? list->restore_epoch : 0;
}

}  // namespace

TrustVersions versionsIn(const std::filesystem::path& repository) {
  const auto metadata = repository / "metadata";
  TrustVersions out;
  out.root = newestVersion(metadata, kRoot);
  out.targets = newestVersion(metadata, kTargets);
  out.snapshot = newestVersion(metadata, kSnapshot);
  out.restore_epoch = publishedEpoch(repository);
  if (const auto text = readIfThere(metadata / "timestamp.json"))
    out.timestamp = bodyOf(*text, metadata / "timestamp.json").value("version", std::int64_t{0});
  return out;
}

TrustVersions verifiedVersions(const std::filesystem::path& repository, const Json& files,
                               std::int64_t now_ns) {
  TrustVersions out;
  const auto handed = files.find("metadata");
  if (handed == files.end() || !handed->is_object()) return out;
  const auto root = newestRootOf(repository / "metadata", *handed, now_ns);
  out.root = root.version;
  if (const auto document = signedDocument(*handed, root, kTimestamp))
    if (const auto timestamp = tuf::readTimestamp(*document)) out.timestamp = timestamp->version;
  if (const auto document = signedDocument(*handed, root, kSnapshot))
    if (const auto snapshot = tuf::readSnapshot(*document)) out.snapshot = snapshot->version;
  const auto document = signedDocument(*handed, root, kTargets);
  const auto targets = document ? tuf::readTargets(*document, kTargets) : Result<tuf::Targets>();
  if (!document || !targets) return out;
  out.targets = targets->version;
  if (const std::string* content = textOf(files, "content")) out.restore_epoch = epochOf(*targets, *content);
  return out;
}

}  // namespace redflag::trust
