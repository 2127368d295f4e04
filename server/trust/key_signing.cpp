// Of KeyFolder: from staged to signed to published.
#include <set>
#include <stdexcept>

#include "auth/secret_file.h"
#include "base/encoding.h"
#include "protocol/tuf/signing.h"
#include "trust/files.h"
#include "trust/key_folder.h"
#include "trust/secret_key.h"

namespace redflag::trust {
namespace {

namespace fs = std::filesystem;
using tuf::kRoot;
using tuf::kTargets;

void must(const Result<>& result) {
  if (!result) throw std::runtime_error(result.error().text);
}

void addIds(std::set<std::string>& ids, const std::optional<Json>& root, const std::string& role) {
  if (!root) return;
  for (const Json& id : root->at("roles").at(role).at("keyids"))
    ids.insert(id.get<std::string>());
}

bool isSignedBy(const Json& signatures, const std::string& id) {
  return std::any_of(signatures.begin(), signatures.end(),
                     [&id](const Json& s) { return s.at("keyid") == id; });
}

}  // namespace

std::size_t KeyFolder::sign(const AskPassphrase& ask) {
  const Json root = current(kRoot);
  std::map<std::string, std::set<std::string>> wanted;  // by role: whose signatures count
  addIds(wanted[kRoot], root, kRoot);
  addIds(wanted[kRoot], latest(kRoot), kRoot);
  addIds(wanted[kTargets], root, kTargets);
  std::map<std::string, Staged> waiting;
  for (const char* role : {kRoot, kTargets}) {
    if (auto document = staged(role)) {
      const auto text = tuf::documentText(document->body, document->signatures);
      const auto parsed = tuf::readDocument(text, tuf::kMaxTargetsBytes, role);
      if (!parsed) throw std::runtime_error(parsed.error().text);
      checkStaged(role, *parsed);
      waiting.emplace(role, std::move(*document));
    }
  }

  std::size_t made = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "offline")) {
    const std::string id = entry.path().stem().string();
    std::vector<std::string> roles;
    for (const auto& [role, document] : waiting)
      if (wanted[role].contains(id) && !isSignedBy(document.signatures, id)) roles.push_back(role);
    if (roles.empty()) continue;
    const std::string passphrase =
        ask("Passphrase for the key " + id.substr(0, 16) + " of " + roles.front(), false);
    if (passphrase.empty()) continue;
    const auto key = unlockKey(auth::readSecretFile(entry.path()).value(), passphrase);
    if (!key) throw std::runtime_error("key " + id.substr(0, 16) + ": " + key.error().text);
    for (const std::string& role : roles) {
      const auto signature = tuf::signatureFor(*key, waiting.at(role).body);
      if (!signature) throw std::runtime_error(signature.error().text);
      waiting.at(role).signatures.push_back(*signature);
      ++made;
    }
  }
  for (const auto& [role, document] : waiting) {
    auth::writePublicFile(folder_ / "staged" / (role + ".json"),
                          tuf::documentText(document.body, document.signatures));
  }
  return made;
}

// Folders travel between people: what is signed here is what `describe` shows, and nothing beside it.
void KeyFolder::checkStaged(const std::string& role, const tuf::Document& document) const {
  const auto refuse = [&](const std::string& why) {
    throw std::runtime_error("staged/" + role + ".json: " + why);
  };
  const auto version = [&](std::int64_t found) {
    if (found != newest(role) + 1)
      refuse("expected version " + std::to_string(newest(role) + 1) + ", not " + std::to_string(found));
  };
  if (role == kRoot) {
    const auto root = tuf::readRoot(document);
    if (!root) refuse(root.error().text);
    return version(root->version);
  }
  const auto targets = tuf::readTargets(document, role);
  if (!targets) refuse(targets.error().text);
  version(targets->version);
  const auto list = targets->targets.find(protocol::kCommandListTarget);
  if (targets->targets.size() != 1 || list == targets->targets.end() || !targets->delegations.roles.empty())
    refuse(std::string("expected ") + protocol::kCommandListTarget + " and nothing else");
  const auto content = readIfThere(folder_ / "content" / protocol::kCommandListTarget);
  if (!content) refuse(std::string("content/") + protocol::kCommandListTarget + " is missing");
  if (const auto same = tuf::checkContent(list->second.info, *content); !same) refuse(same.error().text);
}

// What is staged, if the rules that every client keeps hold for it. `root_text`: the newest root, or the one
// that is published with it.
std::optional<KeyFolder::Ready> KeyFolder::ready(const std::string& role,
                                                 const std::optional<std::string>& root_text) const {
  const fs::path file = folder_ / "staged" / (role + ".json");
  const auto text = readIfThere(file);
  if (!text) return std::nullopt;
  if (text == readIfThere(completeFile(role, newest(role)))) {  // killed when it was complete
    fs::remove(file);
    return std::nullopt;
  }
  const auto document = tuf::readDocument(*text, tuf::kMaxTargetsBytes, role);
  if (!document) throw std::runtime_error(document.error().text);
  checkStaged(role, *document);
  if (role != kRoot && !root_text) throw std::runtime_error("root is not complete yet");
  auto trusted = tuf::TrustedSet::start(root_text.value_or(*text), 0);
  if (!trusted) throw std::runtime_error("it is not signed by enough keys: " + trusted.error().text);
  if (role != kRoot) {
    must(tuf::checkThreshold(*document, trusted->root().keys, trusted->root().roles.at(role), role));
  } else if (root_text) {
    const auto updated = trusted->updateRoot(*text);
    if (!updated) throw std::runtime_error("it is not signed by enough keys: " + updated.error().text);
  }
  return Ready{*text, newest(role) + 1};
}

void KeyFolder::complete(const std::string& role, const std::optional<Ready>& ready) const {
  if (!ready) return;
  auth::writePublicFile(completeFile(role, ready->version), ready->text);
  fs::remove(folder_ / "staged" / (role + ".json"));
}

void KeyFolder::checkSuccessor(const fs::path& repository) const {
  const fs::path metadata = repository / "metadata";
  if (const auto theirs = readIfThere(versioned(metadata, 1, kRoot));
      theirs && theirs != readIfThere(completeFile(kRoot, 1))) {
    throw std::runtime_error(repository.string() + ": it belongs to another trust root");
  }
  for (const char* role : {kRoot, kTargets}) {
    if (newestVersion(metadata, role) > newest(role))
      throw std::runtime_error(repository.string() + ": its " + role + " is newer than this folder's");
  }
}

void KeyFolder::publish(const fs::path& repository) {
  const auto root_text = readIfThere(completeFile(kRoot, newest(kRoot)));
  const auto root = ready(kRoot, root_text);
  const auto targets = ready(kTargets, root ? root->text : root_text);
  checkSuccessor(repository);
  complete(kRoot, root);
  complete(kTargets, targets);
  const fs::path metadata = repository / "metadata";
  makePublicFolder(repository);
  makePublicFolder(metadata);
  makePublicFolder(repository / "targets");
  makePublicFolder(repository / "targets/trust");
  // What is described first, what names it last.
  const std::string name = protocol::kCommandListTarget;
  const std::string content = readIfThere(folder_ / "content" / name).value();
  auth::writePublicFile(repository / "targets" / hashedName(name, toHex(sha256(content))), content);
  for (std::int64_t version = 1; version <= newest(kRoot); ++version)
    auth::writePublicFile(versioned(metadata, version, kRoot),
                          readIfThere(completeFile(kRoot, version)).value());
  const std::int64_t version = newest(kTargets);
  auth::writePublicFile(versioned(metadata, version, kTargets),
                        readIfThere(completeFile(kTargets, version)).value());
}

Json KeyFolder::describe() const {
  Json out = {{"roles", Json::object()}};
  const Json root = current(kRoot);
  for (const auto& [role, rule] : root.at("roles").items()) {
    Json keys = Json::array();
    for (const Json& id : rule.at("keyids"))
      keys.push_back(
          {{"key_id", id}, {"here", fs::exists(folder_ / "offline" / (id.get<std::string>() + ".json"))}});
    out["roles"][role] = {{"threshold", rule.at("threshold")}, {"keys", keys}};
  }
  for (const char* role : {kRoot, kTargets}) {
    const auto waiting = staged(role);
    out[role] = {
        {"version", newest(role)}, {"expires", current(role).at("expires")}, {"staged", waiting.has_value()}};
    if (waiting) out[role]["signatures"] = waiting->signatures.size();
  }
  const auto text = readIfThere(folder_ / "content" / protocol::kCommandListTarget);
  if (text) out["commands"] = parseJson(*text, {.depth = 4}).value_or(Json());
  return out;
}

}  // namespace redflag::trust
