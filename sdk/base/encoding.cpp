#include "base/encoding.h"

#include <sodium.h>

#include <algorithm>
#include <chrono>

namespace redflag {
namespace {

constexpr char kCrockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kIdLength = 26;

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string encode(std::string_view bytes, int variant) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), bytesOf(bytes), bytes.size(), variant);
  out.pop_back();  // the encoder's NUL
  return out;
}

Result<std::string> decode(std::string_view text, int variant) {
  // libsodium 1.0.18 reads some bytes over 0x7F as the last two digits of the alphabet.
  if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x7F; })) {
    return fail(Code::kInvalid, "not valid base64");
  }
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int rc = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                   text.size(), nullptr, &size, &end, variant);
  if (rc != 0 || end != text.data() + text.size()) return fail(Code::kInvalid, "not valid base64");
  out.resize(size);
  return out;
}

}  // namespace

Result<> initCrypto() {
  if (sodium_init() < 0) return fail(Code::kInternal, "libsodium could not be initialised");
  return {};
}

std::string toBase64(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}
std::string toBase64Url(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}
Result<std::string> fromBase64(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL);
}
Result<std::string> fromBase64Url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string toHex(std::string_view bytes) {
  std::string out(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytesOf(bytes), bytes.size());
  out.pop_back();
  return out;
}

Result<std::string> fromHex(std::string_view text) {
  std::string out(text.size() / 2 + 1, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  const int rc = sodium_hex2bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                text.size(), nullptr, &size, &end);
  if (rc != 0 || text.size() % 2 != 0 || end != text.data() + text.size()) {
    return fail(Code::kInvalid, "not valid hexadecimal");
  }
  out.resize(size);
  return out;
}

std::string sha256(std::string_view bytes) {
  std::string out(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(out.data()), bytesOf(bytes), bytes.size());
  return out;
}

std::string randomBytes(std::size_t count) {
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

std::string newId() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  auto millis =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  std::string out(kIdLength, '0');
  for (std::size_t i = 10; i-- > 0; millis >>= 5U)
    out[i] = kCrockford[millis & 31U];
  const std::string noise = randomBytes(kIdLength - 10);
  for (std::size_t i = 10; i < kIdLength; ++i)
    out[i] = kCrockford[static_cast<unsigned char>(noise[i - 10]) & 31U];
  return out;
}

bool isId(std::string_view text) {
  return text.size() == kIdLength && text.find_first_not_of(kCrockford) == std::string_view::npos;
}

bool equalSecrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool isUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80                     ? 0
                             : (lead >= 0xC2 && lead < 0xE0) ? 1
                             : (lead >= 0xE0 && lead < 0xF0) ? 2
                             : (lead >= 0xF0 && lead < 0xF5) ? 3
                                                             : 4;
    if (more == 4 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) return false;
    }
    const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0U;
    // Overlong forms, surrogates, and code points past U+10FFFF.
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace redflag
