#pragma once
// The other side of metadata.h: what a repository writes.

#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/keys.h"

namespace redflag::tuf {

// One entry of "signatures": Ed25519, under the key's id. kInvalid when the body has no canonical form.
Result<Json> signatureFor(const protocol::SigningKey& key, const Json& body);

// The file of a signed document.
std::string documentText(const Json& body, const Json& signatures);

// Length and SHA-256, as "meta" and "targets" name a file.
Json describeContent(std::string_view content);

// "2030-01-31T12:00:00Z": without the fraction that TUF does not have.
std::string expiryText(std::int64_t epoch_ns);

}  // namespace redflag::tuf
