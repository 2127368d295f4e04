#pragma once
// The audit log outside of its server: JSON lines that anybody can verify with SHA-256 and Ed25519 alone
// (audit_chain.h says over which bytes; server/README.md shows the lines).

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>

#include "store/audit_chain.h"

namespace redflag::store {

struct AuditExport {
  std::string client_id;  // "": everybody's. Of others only the content hashes are told
  std::int64_t from = 0;
  std::int64_t to = INT64_MAX;  // not included
};

// A line at a time, without its end. `head` is of the same picture as `tx`. [see ReadTransaction]
void exportAudit(const ReadTransaction& tx, const AuditExport& what, const SignedHead& head,
                 const std::function<void(const std::string& line)>& line);

// Whether a file is a whole, untouched excerpt. `signed_head`: one that was kept elsewhere; the key of the
// file's own head must be its key.
AuditVerdict verifyExport(std::istream& in, const std::optional<SignedHead>& signed_head);

}  // namespace redflag::store
