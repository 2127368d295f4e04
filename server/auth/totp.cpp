#include "auth/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "base/encoding.h"
#include "base/time.h"

namespace redflag::auth {
namespace {

constexpr std::int64_t kStepNs = 30 * kSecondNs;
constexpr std::size_t kDigits = 6;
constexpr std::uint32_t kModulus = 1'000'000;
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::string percentEncoded(std::string_view text) {
  static constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%' + toHex(std::string_view(&c, 1));
    }
  }
  return out;
}

}  // namespace

std::int64_t totpStep(std::int64_t epoch_ns) {
  return epoch_ns / kStepNs;
}

std::string totpCode(std::string_view secret, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  auto rest = static_cast<std::uint64_t>(step);
  for (std::size_t i = counter.size(); i-- > 0; rest >>= 8U)
    counter.at(i) = static_cast<unsigned char>(rest & 0xffU);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), counter.data(), counter.size(),
           digest.data(), &bytes) == nullptr ||
      bytes != 20) {
    throw std::runtime_error("a code could not be computed");
  }
  const std::size_t at = digest.at(19) & 0x0fU;  // RFC 4226, section 5.3
  const std::uint32_t number = (digest.at(at) & 0x7fU) << 24U |
                               static_cast<std::uint32_t>(digest.at(at + 1)) << 16U |
                               static_cast<std::uint32_t>(digest.at(at + 2)) << 8U | digest.at(at + 3);
  const std::string digits = std::to_string(number % kModulus);
  return std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<std::int64_t> matchingStep(std::string_view secret, std::string_view code,
                                         std::int64_t epoch_ns) {
  const std::int64_t now = totpStep(epoch_ns);
  std::optional<std::int64_t> found;
  for (const std::int64_t step : {now - 1, now, now + 1}) {
    if (equalSecrets(totpCode(secret, step), code)) found = step;
  }
  return found;
}

std::string toBase32(std::string_view bytes) {
  std::string out;
  std::uint32_t waiting = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    waiting = waiting << 8U | static_cast<unsigned char>(c);
    bits += 8;
    for (; bits >= 5; bits -= 5)
      out += kBase32[waiting >> (bits - 5) & 31U];
  }
  return out;
}

std::string otpauthUri(std::string_view secret, const std::string& issuer, const std::string& account) {
  return "otpauth://totp/" + percentEncoded(issuer) + ':' + percentEncoded(account) +
         "?secret=" + toBase32(secret) + "&issuer=" + percentEncoded(issuer) +
         "&algorithm=SHA1&digits=6&period=30";
}

}  // namespace redflag::auth
