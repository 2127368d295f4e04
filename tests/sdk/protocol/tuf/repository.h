#pragma once
// A TUF repository in memory, every document of it open to change before it is signed.

#include <map>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"
#include "protocol/keys.h"
#include "protocol/tuf/canonical_json.h"
#include "protocol/tuf/keys.h"

namespace redflag::tuf::test {

constexpr std::int64_t kDayNs = 24LL * 3600 * kSecondNs;
constexpr std::int64_t kNow = 1'900'000'000LL * kSecondNs;

inline std::string expiryIn(std::int64_t days) {
  return toRfc3339(kNow + days * kDayNs).substr(0, 19) + "Z";
}

struct Signer {
  protocol::SigningKey secret = protocol::SigningKey::generate();
  Json key = ed25519KeyToJson(secret.publicKey());
  std::string id = tufKeyId(key);
};

inline Json signatureOf(const Signer& signer, const Json& body) {
  return {{"keyid", signer.id}, {"sig", toHex(signer.secret.sign(canonicalJson(body).value()))}};
}

inline std::string signedText(const Json& body, const std::vector<Signer>& signers) {
  Json signatures = Json::array();
  for (const auto& signer : signers)
    signatures.push_back(signatureOf(signer, body));
  return dumpJson({{"signed", body}, {"signatures", signatures}});
}

class Repository {
 public:
  Repository() {
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      signers[role] = {Signer()};
      bodies[role] = {{"_type", role}, {"spec_version", "1.0.31"}, {"version", 1}, {"expires", expiryIn(30)}};
    }
    bodies["root"]["consistent_snapshot"] = true;
    bodies["targets"]["targets"] = Json::object();
    nameKeys();
    publishRoot();
    publish();
  }

  Json& body(const std::string& role) { return bodies[role]; }
  void bump(const std::string& role) {
    bodies[role]["version"] = bodies[role]["version"].get<std::int64_t>() + 1;
  }
  std::int64_t version(const std::string& role) const { return bodies.at(role).at("version"); }
  void threshold(const std::string& role, int count) { bodies["root"]["roles"][role]["threshold"] = count; }
  // The root names exactly the signers as they are now.
  void nameKeys() {
    Json& root = bodies["root"];
    root["keys"] = Json::object();
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
      Json ids = Json::array();
      for (const auto& signer : signers[role]) {
        root["keys"][signer.id] = signer.key;
        ids.push_back(signer.id);
      }
      root["roles"][role]["keyids"] = ids;
      if (!root["roles"][role].contains("threshold")) root["roles"][role]["threshold"] = 1;
    }
  }
  // Gives a role another key, in a root of the next version that the old root keys sign, too.
  void rotate(const std::string& role) {
    const std::vector<Signer> before = signers["root"];
    signers[role] = {Signer()};
    nameKeys();
    bump("root");
    std::vector<Signer> all = before;
    if (role == "root") all.push_back(signers["root"].front());
    publishRoot(all);
  }
  void addTarget(const std::string& name, const std::string& content, const std::string& role = "targets") {
    bodies[role]["targets"][name] = {{"length", content.size()},
                                     {"hashes", {{"sha256", toHex(sha256(content))}}}};
    const auto slash = name.rfind('/');
    const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
    files[name.substr(0, base) + toHex(sha256(content)) + "." + name.substr(base)] = content;
  }
  // A role below `parent`; `rule` has its paths and what else the delegation is to say.
  void delegate(const std::string& parent, const std::string& role, const Json& rule) {
    if (!signers.contains(role)) signers[role] = {Signer()};
    if (!bodies.contains(role)) {
      bodies[role] = {{"_type", "targets"},
                      {"spec_version", "1.0.31"},
                      {"version", 1},
                      {"expires", expiryIn(30)},
                      {"targets", Json::object()}};
    }
    Json& delegations = bodies[parent]["delegations"];
    if (delegations.is_null()) delegations = {{"keys", Json::object()}, {"roles", Json::array()}};
    Json entry = {{"name", role}, {"threshold", 1}, {"terminating", false}, {"keyids", Json::array()}};
    for (const auto& signer : signers[role]) {
      delegations["keys"][signer.id] = signer.key;
      entry["keyids"].push_back(signer.id);
    }
    entry.update(rule);
    delegations["roles"].push_back(entry);
  }

  void publishRoot() { publishRoot(signers["root"]); }
  void publishRoot(const std::vector<Signer>& by) {
    files[std::to_string(version("root")) + ".root.json"] = signedText(bodies["root"], by);
  }
  std::string root(std::int64_t version) const { return files.at(std::to_string(version) + ".root.json"); }

  // Everything below the root, with the versions as they are.
  void publish() {
    for (const auto& [role, body] : bodies) {
      if (role == "root" || role == "timestamp" || role == "snapshot") continue;
      bodies["snapshot"]["meta"][role + ".json"] = write(role);
    }
    publishSnapshot();
  }
  void publishSnapshot() {
    bodies["timestamp"]["meta"]["snapshot.json"] = write("snapshot");
    publishTimestamp();
  }
  void publishTimestamp() { files["timestamp.json"] = signedText(bodies["timestamp"], signers["timestamp"]); }
  // With the next version of all three.
  void publishNext() {
    for (const char* role : {"timestamp", "snapshot", "targets"})
      bump(role);
    publish();
  }

  std::map<std::string, std::vector<Signer>> signers;
  std::map<std::string, Json> bodies;
  std::map<std::string, std::string> files;  // as a server has them
  bool announce_hashes = true;
  bool consistent = true;  // names with versions

 private:
  Json write(const std::string& role) {
    const std::string text = signedText(bodies[role], signers[role]);
    files[(consistent ? std::to_string(version(role)) + "." : "") + role + ".json"] = text;
    Json meta = {{"version", version(role)}};
    if (announce_hashes) meta["length"] = text.size(), meta["hashes"] = {{"sha256", toHex(sha256(text))}};
    return meta;
  }
};

}  // namespace redflag::tuf::test
