#pragma once
// Time-based one-time passwords as authenticator apps make them: RFC 6238 over RFC 4226, SHA-1, six digits,
// steps of 30 s since the Unix epoch.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redflag::auth {

std::int64_t totpStep(std::int64_t epoch_ns);
// Six digits.
std::string totpCode(std::string_view secret, std::int64_t step);
// The step of which `code` is, out of the one of `epoch_ns` and its two neighbours.
std::optional<std::int64_t> matchingStep(std::string_view secret, std::string_view code,
                                         std::int64_t epoch_ns);

// RFC 4648, section 6, without padding; for what has a multiple of five bytes.
std::string toBase32(std::string_view bytes);
// What authenticator apps read: the key URI format.
std::string otpauthUri(std::string_view secret, const std::string& issuer, const std::string& account);

}  // namespace redflag::auth
