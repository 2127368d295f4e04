#include "auth/devices.h"

#include <sodium.h>

#include <stdexcept>

#include "auth/sessions.h"
#include "base/encoding.h"

namespace redflag::auth {
namespace {

constexpr const char* kCookie = "__Host-redflag-device";
constexpr const char* kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000";
constexpr std::size_t kDeviceBytes = 16;

}  // namespace

Devices::Devices(std::string key) : key_(std::move(key)) {
  if (key_.size() != crypto_auth_KEYBYTES) throw std::runtime_error("the device key must have 32 bytes");
}

std::string Devices::seal(const std::string& device, const Account& account) const {
  // The device's part has a fixed length, and no name a zero byte.
  const std::string message = device + account.name + '\0' + account.password_hash;
  std::string out(crypto_auth_BYTES, '\0');
  crypto_auth(reinterpret_cast<unsigned char*>(out.data()),
              reinterpret_cast<const unsigned char*>(message.data()), message.size(),
              reinterpret_cast<const unsigned char*>(key_.data()));
  return out;
}

std::string Devices::cookieFor(const Account& account) const {
  const std::string device = randomBytes(kDeviceBytes);
  return std::string(kCookie) + "=" + toBase64Url(device + seal(device, account)) + kAttributes;
}

std::string Devices::deviceOf(const std::string& cookie_header, const Account& account) const {
  const auto bytes = fromBase64Url(cookieValue(cookie_header, kCookie));
  if (!bytes || bytes->size() != kDeviceBytes + crypto_auth_BYTES) return {};
  const std::string device = bytes->substr(0, kDeviceBytes);
  return equalSecrets(bytes->substr(kDeviceBytes), seal(device, account)) ? device : std::string();
}

}  // namespace redflag::auth
