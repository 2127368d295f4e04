#pragma once
// The documents of a TUF 1.0 repository, as read: well-formed, and nothing believed yet. Members that are not
// known are tolerated, as the specification wants it. Duplicate keys are refused; size, depth, and the
// members of one object (4,096 targets a role) are bounded. Source: The Update Framework specification 1.0,
// chapter 4.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "protocol/tuf/digest.h"
#include "protocol/tuf/keys.h"

namespace redflag::tuf {

constexpr const char* kRoot = "root";
constexpr const char* kTimestamp = "timestamp";
constexpr const char* kSnapshot = "snapshot";
constexpr const char* kTargets = "targets";

constexpr std::size_t kMaxRoleNameBytes = 80;  // percent-encoded it must still be a file's name
constexpr std::size_t kMaxTargetNameBytes = 1024;

struct Signature {
  std::string key_id;
  std::string bytes;  // "" when it was not even hexadecimal
};

// One file: what was signed, by whom is still to be found out.
struct Document {
  Json body;            // "signed"
  std::string message;  // its canonical form
  std::vector<Signature> signatures;
};

// Who may sign, and how many of them must.
struct Role {
  std::vector<std::string> key_ids;  // each once
  std::uint64_t threshold = 1;
  bool operator==(const Role&) const = default;
};
using Keys = std::map<std::string, Key>;

struct Common {
  std::int64_t version = 0;
  std::int64_t expires_ns = 0;
};

struct Root : Common {
  bool consistent_snapshot = false;
  Keys keys;
  std::map<std::string, Role> roles;  // the four of them at least
};

struct MetaFile {
  std::int64_t version = 0;
  FileInfo info;
};

struct Timestamp : Common {
  MetaFile snapshot;
};

struct Snapshot : Common {
  std::map<std::string, MetaFile> meta;  // by file name: "targets.json"
};

struct TargetFile {
  std::string name;
  FileInfo info;  // with a length, and at least one hash
  Json custom;    // null unless given
};

struct DelegatedRole {
  std::string name;
  Role role;
  bool terminating = false;
  std::vector<std::string> paths;
  std::vector<std::string> path_hash_prefixes;

  bool covers(const std::string& target) const;
};

struct Delegations {
  Keys keys;
  std::vector<DelegatedRole> roles;  // first one first
};

struct Targets : Common {
  std::map<std::string, TargetFile> targets;
  Delegations delegations;
};

// kInvalid or kLimit; `place` leads the text.
Result<Document> readDocument(std::string_view text, std::size_t max_bytes, const std::string& place);
Result<Root> readRoot(const Document& document);
Result<Timestamp> readTimestamp(const Document& document);
Result<Snapshot> readSnapshot(const Document& document);
Result<Targets> readTargets(const Document& document, const std::string& role);

// Whether enough of the role's keys signed: each key counts once, under however many ids or signatures.
// kDenied says how many did.
Result<> checkThreshold(const Document& document, const Keys& keys, const Role& role,
                        const std::string& name);

}  // namespace redflag::tuf
