#pragma once
// The hashes that tie the audit log together, and what finds a log that was tampered with.
//
// A record's content hash is SHA-256 over its fields, each with its length (protocol/canonical.h); its hash
// is SHA-256 over its number, the hash before it and its content hash. So an excerpt can hold some records in
// full and of the others the content hash alone, and the chain still closes.

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/keys.h"
#include "store/audit.h"

namespace redflag::store {

std::string contentHash(const AuditRecord& record);  // of everything but seq, previous and hash
std::string linkHash(std::int64_t seq, const std::string& previous, const std::string& content_hash);
std::string emptyLogHash();  // what the first record follows

// Follows a log record by record. The first thing that is wrong is an error that names the record.
class AuditWalk {
 public:
  // From the record after this one; it must be where the log says that it begins.
  AuditWalk(std::int64_t after, std::string hash) : seq_(after), hash_(std::move(hash)) {}

  Result<> take(const AuditRecord& record);
  // A record of which only the content hash is told.
  Result<> takeSealed(std::int64_t seq, const std::string& content_hash);

  std::int64_t seq() const { return seq_; }
  const std::string& hash() const { return hash_; }

 private:
  Result<> follow(std::int64_t seq) const;

  std::int64_t seq_;
  std::string hash_;
};

// How far a log had come, signed by its server: kept elsewhere, it shows that a tail was cut off or the whole
// chain was computed anew.
struct SignedHead {
  std::int64_t seq = 0;
  std::string hash;  // 32 raw bytes
  std::int64_t at = 0;
  std::string public_key;  // 32 raw bytes
  std::string signature;
};
SignedHead signHead(const AuditHead& head, std::int64_t now_ns, const protocol::SigningKey& key);
Json toJson(const SignedHead& head);
// kInvalid for anything but a head whose signature is right for the key in it.
Result<SignedHead> readHead(const Json& json);

// Whether a head says anything of a log: one from before what the log begins after does not once it is older
// than records are kept; as long as it is younger, those after it should be there.
bool stillTells(const SignedHead& signed_head, const AuditHead& log, std::int64_t now_ns,
                std::int64_t keep_ns);

// Reads a whole log. Ok, or what is wrong with which record. `signed_head` is compared when it is there.
class ReadTransaction;
struct AuditVerdict {
  bool ok = true;
  std::int64_t record = 0;  // at which it fails
  std::string text;         // for people
  std::int64_t checked = 0;
  AuditHead head;
};
AuditVerdict verifyAudit(const ReadTransaction& tx, const std::optional<SignedHead>& signed_head);

}  // namespace redflag::store
