#pragma once
// Text forms of bytes. All crypto of the house is libsodium's or OpenSSL's; call initCrypto() once in main.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag {

// Must have returned OK before anything else of this header, or of protocol/, is used. Safe to call again.
Result<> initCrypto();

std::string toBase64(std::string_view bytes);     // standard alphabet, padded
std::string toBase64Url(std::string_view bytes);  // URL alphabet, not padded
std::string toHex(std::string_view bytes);        // lower case
// Strict: no white space, no other alphabet, no stray bits.
Result<std::string> fromBase64(std::string_view text);
Result<std::string> fromBase64Url(std::string_view text);
Result<std::string> fromHex(std::string_view text);

std::string sha256(std::string_view bytes);  // 32 raw bytes; for anything up to some MiB
std::string randomBytes(std::size_t count);
// 128 random bits as 26 characters of Crockford base 32, time-ordered (48-bit milliseconds first): ids of
// scans, commands…
std::string newId();
bool isId(std::string_view text);
// Compares without telling by time where the difference is.
bool equalSecrets(std::string_view a, std::string_view b);
bool isUtf8(std::string_view text);

}  // namespace redflag
