#include "protocol/tuf/metadata.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/tuf/canonical_json.h"
#include "protocol/tuf/path_pattern.h"

namespace redflag::tuf {
namespace {

constexpr JsonLimits kJsonLimits{.bytes = 16U << 20, .depth = 32, .values = 2'000'000};
constexpr std::size_t kMaxKeys = 1024;
constexpr std::size_t kMaxSignatures = 1024;
constexpr std::size_t kMaxDelegations = 16'384;
constexpr std::size_t kMaxPatterns = 16'384;
constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxSignatureDigits = 8192;

tl::unexpected<Error> handOn(const Error& error) {
  return tl::unexpected<Error>(error);
}

bool isSpecificationOne(const std::string& version) {
  return version.size() >= 3 && version.starts_with("1.") &&
         std::all_of(version.begin() + 2, version.end(),
                     [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

// A year that 64 bits of nanoseconds do not reach is as good as the last one they do.
Result<std::int64_t> expiryOf(std::string text) {
  constexpr std::string_view kLastLeapYear = "2260";
  if (text.size() != 20) return fail(Code::kInvalid, "");
  if (std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; }) &&
      text.substr(0, 4) > kLastLeapYear) {
    text.replace(0, 4, kLastLeapYear);
  }
  return fromRfc3339(text);
}

// What all four have. The reader goes on with the rest.
void readCommon(JsonReader& in, const char* type, Common& out) {
  if (in.text("_type", 32) != type) in.refuse("_type", std::string("\"") + type + "\"");
  if (!isSpecificationOne(in.text("spec_version", 32)))
    in.refuse("spec_version", "version 1 of TUF, as \"1.0.31\"");
  out.version = in.integer("version", 1, INT64_MAX - 1);  // the next one fits as well
  const auto expires = expiryOf(in.text("expires", 32));
  if (!expires) in.refuse("expires", "a time as 2030-01-31T12:00:00Z");
  out.expires_ns = expires.value_or(0);
}

Result<std::map<std::string, std::string>> readHashes(const Json& json, const std::string& place) {
  std::map<std::string, std::string> hashes;
  for (const auto& [name, value] : json.items()) {
    const auto raw = fromHex(value.is_string() ? value.get_ref<const std::string&>() : std::string("?"));
    if (!raw || raw->empty())
      return fail(Code::kInvalid, place + ".hashes." + name + ": expected hexadecimal digits");
    hashes.emplace(name, toHex(*raw));
  }
  if (hashes.empty()) return fail(Code::kInvalid, place + ".hashes: expected at least one hash");
  return hashes;
}

Result<MetaFile> readMetaFile(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  MetaFile file;
  file.version = in.integer("version", 1, INT64_MAX);
  const std::int64_t length = in.optionalInteger("length", 1, INT64_MAX, 0);
  const bool has_hashes = in.find("hashes") != nullptr;
  const Json hashes = has_hashes ? in.object("hashes") : Json::object();
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  if (length > 0) file.info.length = static_cast<std::uint64_t>(length);
  if (!has_hashes) return file;
  auto read = readHashes(hashes, place);
  if (!read) return handOn(read.error());
  file.info.hashes = std::move(*read);
  return file;
}

Result<Role> readRole(JsonReader& in, const std::string& place) {
  Role role;
  role.key_ids = in.texts("keyids", kMaxKeys);
  role.threshold = static_cast<std::uint64_t>(in.integer("threshold", 1, INT64_MAX));
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  const std::set<std::string> unique(role.key_ids.begin(), role.key_ids.end());
  if (unique.size() != role.key_ids.size())
    return fail(Code::kInvalid, place + ".keyids: a key is named twice");
  return role;
}

Result<Keys> readKeys(const Json& json, const std::string& place) {
  if (json.size() > kMaxKeys)
    return fail(Code::kLimit, place + ": more than " + std::to_string(kMaxKeys) + " keys");
  Keys keys;
  for (const auto& [id, value] : json.items()) {
    auto key = keyFromJson(value, place + "." + id.substr(0, 64));
    if (!key) return handOn(key.error());
    keys.emplace(id, std::move(*key));
  }
  return keys;
}

Result<std::map<std::string, Role>> readRoles(const Json& json) {
  std::map<std::string, Role> roles;
  for (const auto& [name, value] : json.items()) {
    const std::string place = "root.roles." + name.substr(0, 64);
    JsonReader in(value, place);
    auto role = readRole(in, place);
    if (!role) return handOn(role.error());
    roles.emplace(name, std::move(*role));
  }
  for (const char* name : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    if (!roles.contains(name)) return fail(Code::kInvalid, std::string("root.roles.") + name + " is missing");
  }
  return roles;
}

bool isDelegatedName(const std::string& name) {
  return !name.empty() && name != kRoot && name != kTimestamp && name != kSnapshot && name != kTargets &&
         name.find('\0') == std::string::npos;
}

Result<DelegatedRole> readDelegatedRole(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  DelegatedRole out;
  out.name = in.text("name", kMaxRoleNameBytes);
  if (!isDelegatedName(out.name)) in.refuse("name", "a name other than those of the top-level roles");
  out.terminating = in.optionalBoolean("terminating", false);
  const bool by_path = in.find("paths") != nullptr;
  const bool by_hash = in.find("path_hash_prefixes") != nullptr;
  if (by_path == by_hash) in.refuse("paths", "either paths or path_hash_prefixes");
  if (by_path) out.paths = in.texts("paths", kMaxPatterns);
  if (by_hash) out.path_hash_prefixes = in.texts("path_hash_prefixes", kMaxPatterns);
  auto role = readRole(in, place);
  if (!role) return handOn(role.error());
  out.role = std::move(*role);
  return out;
}

Result<Delegations> readDelegations(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  const Json& keys = in.object("keys");
  const Json& roles = in.optionalArray("roles", kMaxDelegations);
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  Delegations out;
  auto read = readKeys(keys, place + ".keys");
  if (!read) return handOn(read.error());
  out.keys = std::move(*read);
  std::set<std::string> names;
  for (const Json& item : roles) {
    const std::string here = place + ".roles[" + std::to_string(out.roles.size()) + "]";
    auto role = readDelegatedRole(item, here);
    if (!role) return handOn(role.error());
    if (!names.insert(role->name).second) return fail(Code::kInvalid, here + ".name: a role is named twice");
    out.roles.push_back(std::move(*role));
  }
  return out;
}

Result<TargetFile> readTargetFile(const std::string& name, const Json& json, const std::string& place) {
  JsonReader in(json, place);
  TargetFile file;
  file.name = name;
  file.info.length = static_cast<std::uint64_t>(in.integer("length", 0, INT64_MAX));
  const Json& hashes = in.object("hashes");
  const Json* custom = in.find("custom");
  if (name.empty() || name.size() > kMaxTargetNameBytes)
    in.refuse("name", "a target's name of at most 1024 bytes");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  auto read = readHashes(hashes, place);
  if (!read) return handOn(read.error());
  file.info.hashes = std::move(*read);
  if (custom != nullptr) file.custom = *custom;
  return file;
}

}  // namespace

bool DelegatedRole::covers(const std::string& target) const {
  const std::string hash = path_hash_prefixes.empty() ? std::string() : toHex(sha256(target));
  return std::any_of(paths.begin(), paths.end(), [&](const auto& p) { return matchesPath(p, target); }) ||
         std::any_of(path_hash_prefixes.begin(), path_hash_prefixes.end(),
                     [&](const auto& prefix) { return hash.starts_with(prefix); });
}

Result<Document> readDocument(std::string_view text, std::size_t max_bytes, const std::string& place) {
  JsonLimits limits = kJsonLimits;
  limits.bytes = std::min(limits.bytes, max_bytes);
  auto json = parseJson(text, limits);
  if (!json) return failAt(place, json.error());
  JsonReader in(*json, place);
  Document document;
  document.body = in.object("signed");
  for (const Json& item : in.array("signatures", kMaxSignatures)) {
    JsonReader signature(item, place + ".signatures");
    Signature read{signature.text("keyid", kMaxIdBytes), {}};
    read.bytes = fromHex(signature.text("sig", kMaxSignatureDigits)).value_or("");
    if (auto ok = signature.finishIgnoringUnknown(); !ok) return handOn(ok.error());
    document.signatures.push_back(std::move(read));
  }
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  auto message = canonicalJson(document.body);
  if (!message) return failAt(place, message.error());
  document.message = std::move(*message);
  return document;
}

Result<Root> readRoot(const Document& document) {
  JsonReader in(document.body, "root");
  Root root;
  readCommon(in, kRoot, root);
  root.consistent_snapshot = in.optionalBoolean("consistent_snapshot", false);
  const Json& keys = in.object("keys");
  const Json& roles = in.object("roles");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  auto read_keys = readKeys(keys, "root.keys");
  if (!read_keys) return handOn(read_keys.error());
  auto read_roles = readRoles(roles);
  if (!read_roles) return handOn(read_roles.error());
  root.keys = std::move(*read_keys);
  root.roles = std::move(*read_roles);
  return root;
}

Result<Timestamp> readTimestamp(const Document& document) {
  JsonReader in(document.body, "timestamp");
  Timestamp timestamp;
  readCommon(in, kTimestamp, timestamp);
  const Json& meta = in.object("meta");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  if (!meta.contains("snapshot.json"))
    return fail(Code::kInvalid, "timestamp.meta: snapshot.json is missing");
  auto file = readMetaFile(meta["snapshot.json"], "timestamp.meta.snapshot.json");
  if (!file) return handOn(file.error());
  timestamp.snapshot = std::move(*file);
  return timestamp;
}

Result<Snapshot> readSnapshot(const Document& document) {
  JsonReader in(document.body, "snapshot");
  Snapshot snapshot;
  readCommon(in, kSnapshot, snapshot);
  const Json& meta = in.object("meta");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  for (const auto& [name, value] : meta.items()) {
    auto file = readMetaFile(value, "snapshot.meta." + name.substr(0, 100));
    if (!file) return handOn(file.error());
    snapshot.meta.emplace(name, std::move(*file));
  }
  if (!snapshot.meta.contains("targets.json"))
    return fail(Code::kInvalid, "snapshot.meta: targets.json is missing");
  return snapshot;
}

Result<Targets> readTargets(const Document& document, const std::string& role) {
  JsonReader in(document.body, role);
  Targets targets;
  readCommon(in, kTargets, targets);
  const Json& files = in.object("targets");
  const Json* delegations = in.find("delegations");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return handOn(ok.error());
  for (const auto& [name, value] : files.items()) {
    auto file = readTargetFile(name, value, role + ".targets." + name.substr(0, 100));
    if (!file) return handOn(file.error());
    targets.targets.emplace(name, std::move(*file));
  }
  if (delegations == nullptr) return targets;
  auto read = readDelegations(*delegations, role + ".delegations");
  if (!read) return handOn(read.error());
  targets.delegations = std::move(*read);
  return targets;
}

Result<> checkThreshold(const Document& document, const Keys& keys, const Role& role,
                        const std::string& name) {
  std::set<std::string> signers;  // by key, not by id
  std::set<std::string> counted;
  for (const Signature& signature : document.signatures) {
    const auto key = keys.find(signature.key_id);
    const bool named =
        std::find(role.key_ids.begin(), role.key_ids.end(), signature.key_id) != role.key_ids.end();
    if (key == keys.end() || !named || counted.contains(signature.key_id)) continue;
    if (!verify(key->second, document.message, signature.bytes)) continue;
    counted.insert(signature.key_id);
    signers.insert(key->second.material);
  }
  if (signers.size() >= role.threshold) return {};
  return fail(Code::kDenied, name + ": signed by " + std::to_string(signers.size()) +
                                 " of its keys, expected " + std::to_string(role.threshold));
}

}  // namespace redflag::tuf
