#include "trust/key_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "auth/secret_file.h"
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

constexpr const char* kSpecification = "1.0.31";
constexpr std::int64_t kOneDayNs = 86'400 * kSecondNs;
// A key is good from so long ago: an agent whose clock is behind is to say that, and not that it knows no
// key.
constexpr std::int64_t kClocksBehindNs = 2 * kOneDayNs;
constexpr std::int64_t kRootValidNs = 365 * kOneDayNs;
constexpr std::int64_t kTargetsValidNs = 180 * kOneDayNs;

template <class T>
T orThrow(Result<T> result, const std::string& place = "") {
  if (!result) throw std::runtime_error((place.empty() ? "" : place + ": ") + result.error().text);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::int64_t validFor(const std::string& role) {
  return role == kRoot ? kRootValidNs : kTargetsValidNs;
}

void checkOffline(const std::string& role) {
  if (role != kRoot && role != kTargets)
    throw std::runtime_error("role \"" + role + "\": expected root or targets; the others are the server's");
}

Json emptyBody(const char* type) {
  return {{"_type", type}, {"spec_version", kSpecification}, {"version", 1}};
}

Json& idsOf(Json& root, const std::string& role) {
  return root["roles"][role]["keyids"];
}

std::string addTo(Json& root, const std::string& role, const std::string& public_key) {
  const Json key = tuf::ed25519KeyToJson(public_key);
  const std::string id = tuf::tufKeyId(key);
  root["keys"][id] = key;
  idsOf(root, role).push_back(id);
  return id;
}

// Keys that no role names any more go, too.
void forgetUnused(Json& root) {
  Json used = Json::object();
  for (const auto& [role, rule] : root["roles"].items())
    for (const Json& id : rule["keyids"])
      used[id.get<std::string>()] = root["keys"].at(id.get<std::string>());
  root["keys"] = std::move(used);
}

void makeFolder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), folder.string());
}

}  // namespace

KeyFolder::KeyFolder(const fs::path& folder, const Argon2Cost& cost) : folder_(folder), cost_(cost) {
  if (!fs::exists(folder_ / "offline"))
    throw std::runtime_error(folder_.string() + ": no keys here; run `redflag-server keys init` first");
}

KeyFolder KeyFolder::make(const fs::path& folder, const ServerKeys& server, const AskPassphrase& ask,
                          std::int64_t now_ns, const Argon2Cost& cost) {
  if (fs::exists(folder / "offline")) throw std::runtime_error(folder.string() + ": there are keys already");
  for (const fs::path& part : {folder, folder / "offline", folder / "root", folder / "targets",
                               folder / "staged", folder / "content", folder / "content/trust"})
    makeFolder(part);
  KeyFolder out(folder, cost);
  Json root = emptyBody(kRoot);
  root["consistent_snapshot"] = true;
  root["keys"] = Json::object();
  for (const char* role : {kRoot, kTargets, kSnapshot, kTimestamp})
    root["roles"][role] = {{"keyids", Json::array()}, {"threshold", 1}};
  addTo(root, kSnapshot, server.snapshot);
  addTo(root, kTimestamp, server.timestamp);
  out.makeKey(kRoot, root, ask);
  out.makeKey(kTargets, root, ask);
  root["expires"] = tuf::expiryText(now_ns + kRootValidNs);
  out.stage(kRoot, std::move(root));
  out.stageList({{{server.command, now_ns - kClocksBehindNs, now_ns + kTargetsValidNs}},
                 1,
                 0,
                 server.urls,
                 server.authorities},
                now_ns);
  return out;
}

std::string KeyFolder::makeKey(const std::string& role, Json& root, const AskPassphrase& ask) const {
  const auto key = protocol::SigningKey::generate();
  const std::string text =
      orThrow(lockKey(key, ask("Passphrase for the new key of the role " + role, true), cost_), role);
  const std::string id = addTo(root, role, key.publicKey());
  auth::writeSecretFile(folder_ / "offline" / (id + ".json"), text);
  return id;
}

fs::path KeyFolder::completeFile(const std::string& role, std::int64_t version) const {
  return versioned(folder_ / role, version, role);
}

std::int64_t KeyFolder::newest(const std::string& role) const {
  return newestVersion(folder_ / role, role);
}

std::optional<Json> KeyFolder::latest(const std::string& role) const {
  const std::int64_t version = newest(role);
  if (version == 0) return std::nullopt;
  const fs::path file = completeFile(role, version);
  return bodyOf(readIfThere(file).value(), file);
}

std::optional<KeyFolder::Staged> KeyFolder::staged(const std::string& role) const {
  const fs::path file = folder_ / "staged" / (role + ".json");
  const auto text = readIfThere(file);
  if (!text) return std::nullopt;
  const auto json = orThrow(parseJson(*text, {.bytes = tuf::kMaxMetadataBytes, .depth = 32}), file.string());
  return Staged{json.at("signed"), json.at("signatures")};
}

Json KeyFolder::current(const std::string& role) const {
  if (auto waiting = staged(role)) return std::move(waiting->body);
  auto complete = latest(role);
  if (!complete) throw std::runtime_error(folder_.string() + ": it has no " + role + " document");
  return std::move(*complete);
}

void KeyFolder::stage(const std::string& role, Json body) const {
  auth::writePublicFile(folder_ / "staged" / (role + ".json"), tuf::documentText(body, Json::array()));
}

// What is staged, or else the latest with the next version; either with a new end.
Json KeyFolder::next(const std::string& role, std::int64_t now_ns) const {
  Json body = current(role);
  body["version"] = newest(role) + 1;
  body["expires"] = tuf::expiryText(now_ns + validFor(role));
  return body;
}

// Signatures of targets were made by the keys of then.
void KeyFolder::keysChanged(const std::string& role, Json root, std::int64_t now_ns) const {
  forgetUnused(root);
  const auto& rule = root["roles"][role];
  if (rule["keyids"].size() < rule["threshold"].get<std::uint64_t>())
    throw std::runtime_error(role + " has " + std::to_string(rule["keyids"].size()) +
                             " keys, and its threshold is " + rule["threshold"].dump());
  stage(kRoot, std::move(root));
  if (role == kTargets) stage(kTargets, next(kTargets, now_ns));
}

std::string KeyFolder::addKey(const std::string& role, const AskPassphrase& ask, std::int64_t now_ns) {
  checkOffline(role);
  Json root = next(kRoot, now_ns);
  std::string id = makeKey(role, root, ask);
  keysChanged(role, std::move(root), now_ns);
  return id;
}

void KeyFolder::removeKey(const std::string& role, const std::string& key_id, std::int64_t now_ns) {
  checkOffline(role);
  Json root = next(kRoot, now_ns);
  Json& ids = idsOf(root, role);
  const auto found = std::find(ids.begin(), ids.end(), key_id);
  if (found == ids.end()) throw std::runtime_error(role + " has no key " + key_id);
  ids.erase(found);
  keysChanged(role, std::move(root), now_ns);
}

void KeyFolder::setThreshold(const std::string& role, std::uint64_t threshold, std::int64_t now_ns) {
  checkOffline(role);
  if (threshold == 0) throw std::runtime_error("threshold: expected at least 1");
  Json root = next(kRoot, now_ns);
  root["roles"][role]["threshold"] = threshold;
  keysChanged(role, std::move(root), now_ns);
}

void KeyFolder::replaceOnlineKeys(const ServerKeys& server, std::int64_t now_ns) {
  Json root = next(kRoot, now_ns);
  idsOf(root, kSnapshot) = Json::array();
  idsOf(root, kTimestamp) = Json::array();
  addTo(root, kSnapshot, server.snapshot);
  addTo(root, kTimestamp, server.timestamp);
  keysChanged(kSnapshot, std::move(root), now_ns);
}

protocol::CommandList KeyFolder::list() const {
  const fs::path file = folder_ / "content" / protocol::kCommandListTarget;
  const auto text = readIfThere(file);
  if (!text) throw std::runtime_error(file.string() + " is missing");
  return orThrow(protocol::decodeCommandList(*text), file.string());
}

void KeyFolder::stageList(const protocol::CommandList& list, std::int64_t now_ns) const {
  const std::string text = orThrow(protocol::encodeCommandList(list));
  Json body = staged(kTargets) || newest(kTargets) != 0 ? next(kTargets, now_ns) : emptyBody(kTargets);
  body["expires"] = tuf::expiryText(now_ns + kTargetsValidNs);
  body["targets"][protocol::kCommandListTarget] = tuf::describeContent(text);
  auth::writePublicFile(folder_ / "content" / protocol::kCommandListTarget, text);
  stage(kTargets, std::move(body));
}

void KeyFolder::changeList(const ListChange& change, std::int64_t now_ns) {
  protocol::CommandList next_list = list();
  for (const std::string& id : change.revoke) {
    const auto before = next_list.keys.size();
    std::erase_if(next_list.keys, [&id](const auto& listed) { return listed.key.key_id == id; });
    if (next_list.keys.size() == before) throw std::runtime_error("the list has no command key " + id);
  }
  if (change.server) {
    std::erase_if(next_list.keys,
                  [&](const auto& listed) { return listed.key.key_id == change.server->command.key_id; });
    next_list.keys.push_back({change.server->command, now_ns - kClocksBehindNs, now_ns + change.valid_ns});
    next_list.urls = change.server->urls;
    next_list.authorities = change.server->authorities;
  }
  const auto only_up = [](const char* what, std::int64_t& value, const std::optional<std::int64_t>& wanted) {
    if (wanted && *wanted < value)
      throw std::runtime_error(std::string(what) + ": it is " + std::to_string(value) +
                               " already and only rises");
    value = wanted.value_or(value);
  };
  only_up("restore epoch", next_list.restore_epoch, change.restore_epoch);
  only_up("minimal envelope version", next_list.minimal_envelope_version, change.minimal_envelope_version);
  stageList(next_list, now_ns);
}

void KeyFolder::renew(const std::string& role, std::int64_t valid_ns, std::int64_t now_ns) {
  checkOffline(role);
  Json body = next(role, now_ns);
  body["expires"] = tuf::expiryText(now_ns + valid_ns);
  stage(role, std::move(body));
}

}  // namespace redflag::trust
