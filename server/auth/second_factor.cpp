#include "auth/second_factor.h"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>

#include "auth/totp.h"
#include "base/encoding.h"
#include "http/message.h"

namespace redflag::auth {
namespace {

using http::Problem;

constexpr const char* kIssuer = "RedFlag";
constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226, section 4: what SHA-1 makes use of
constexpr std::size_t kRecoveryBytes = 10;
constexpr std::size_t kRecoveryCodes = 10;
constexpr std::size_t kPendingBytes = 32;
constexpr std::int64_t kPendingNs = 5 * 60 * kSecondNs;
constexpr std::int64_t kPendingTries = 5;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytesOf(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// As people type it: any case, with or without what makes it readable.
std::string plainCode(const std::string& typed) {
  std::string out;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

bool isDigits(const std::string& code) {
  return code.find_first_not_of("0123456789") == std::string::npos;
}

// "abcd-efgh-ijkl-mnop"
std::string newRecoveryCode() {
  std::string out;
  const std::string letters = toBase32(randomBytes(kRecoveryBytes));
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i > 0 && i % 4 == 0) out += '-';
    const char c = letters[i];
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::vector<std::string> newRecoveryCodes() {
  std::vector<std::string> out(kRecoveryCodes);
  std::generate(out.begin(), out.end(), newRecoveryCode);
  return out;
}

std::optional<std::string> unsealed(const std::string& key, const std::string& user_id,
                                    const std::string& sealed) {
  if (sealed.size() <= kNonceBytes + kTagBytes) return std::nullopt;
  std::string out(sealed.size() - kNonceBytes - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytesOf(out), nullptr, nullptr, bytesOf(sealed) + kNonceBytes, sealed.size() - kNonceBytes,
          bytesOf(user_id), user_id.size(), bytesOf(sealed), bytesOf(key)) != 0)
    return std::nullopt;
  return out;
}

Notice peopleNotice(const std::string& actor, const std::string& kind, const std::string& text,
                    const std::string& severity = "info") {
  return {"people", actor, kind, text, severity};
}

}  // namespace

SecondFactor::SecondFactor(FactorStore& store, const Clock& clock, std::string key,
                           std::set<std::string> required_of)
    : store_(store), clock_(clock), key_(std::move(key)), required_of_(std::move(required_of)) {
  if (key_.size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    throw std::runtime_error("the key of second factors must have 32 bytes");
}

std::string SecondFactor::seal(const std::string& secret, const std::string& user_id) const {
  const std::string nonce = randomBytes(kNonceBytes);
  std::string out(secret.size() + kTagBytes, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytesOf(out), nullptr, bytesOf(secret), secret.size(),
                                             bytesOf(user_id), user_id.size(), nullptr, bytesOf(nonce),
                                             bytesOf(key_));
  return nonce + out;
}

bool SecondFactor::opens(const std::string& key, const std::string& user_id,
                         const std::string& sealed_secret) {
  return unsealed(key, user_id, sealed_secret).has_value();
}

std::string SecondFactor::open(const std::string& sealed, const std::string& user_id) const {
  auto out = unsealed(key_, user_id, sealed);
  if (!out) {
    throw Problem{500, "second_factor.key",
                  "this server's key of second factors is not the one this was sealed with; a recovery code "
                  "still works"};
  }
  return std::move(*out);
}

std::string SecondFactor::hashOf(const std::string& user_id, const std::string& recovery_code) const {
  return sha256("redflag-recovery-v1\n" + user_id + '\n' + plainCode(recovery_code));
}

std::optional<StoredFactor> SecondFactor::find(const std::string& user_id) const {
  auto found = store_.findFactor(user_id);
  return found && found->confirmed_at > 0 ? found : std::nullopt;
}

bool SecondFactor::enabled(const std::string& user_id) const {
  return find(user_id).has_value();
}

SecondFactor::Begun SecondFactor::begin(const Person& person) {
  const std::string secret = randomBytes(kTotpSecretBytes);
  if (!store_.beginFactor(person.id, seal(secret, person.id), clock_.epochNs()))
    throw Problem{409, "second_factor.set", "a second factor is set up already; turn it off first"};
  return {toBase32(secret), otpauthUri(secret, kIssuer, person.username)};
}

std::vector<std::string> SecondFactor::confirm(const Person& person, const std::string& code) {
  const Problem nothing{409, "second_factor.not_begun", "no second factor is being set up"};
  const auto found = store_.findFactor(person.id);
  if (!found || found->confirmed_at > 0) throw nothing;
  const std::int64_t now = clock_.epochNs();
  const auto step = matchingStep(open(found->sealed_secret, person.id), plainCode(code), now);
  if (!step)
    throw Problem{422, "second_factor.wrong_code",
                  "this is not the code the app shows now; its clock may be wrong", "code"};
  auto codes = newRecoveryCodes();
  std::vector<std::string> hashes;
  for (const auto& each : codes)
    hashes.push_back(hashOf(person.id, each));
  if (!store_.confirmFactor(person.id, *step, now, hashes,
                            peopleNotice(person.username, "second_factor.on", "set up a second factor")))
    throw nothing;
  return codes;
}

bool SecondFactor::accepts(const Person& person, const std::string& code) {
  const auto found = find(person.id);
  if (!found) return false;
  const std::string plain = plainCode(code);
  if (!isDigits(plain)) {
    return store_.spendRecoveryCode(
        person.id, hashOf(person.id, plain),
        peopleNotice(person.username, "second_factor.recovery_code", "used a recovery code", "warning"));
  }
  const auto step = matchingStep(open(found->sealed_secret, person.id), plain, clock_.epochNs());
  return step && store_.spendStep(person.id, *step);
}

std::vector<std::string> SecondFactor::renewRecoveryCodes(const Person& person) {
  auto codes = newRecoveryCodes();
  std::vector<std::string> hashes;
  for (const auto& each : codes)
    hashes.push_back(hashOf(person.id, each));
  store_.replaceRecoveryCodes(
      person.id, hashes,
      peopleNotice(person.username, "second_factor.recovery_codes", "made new recovery codes"));
  return codes;
}

void SecondFactor::turnOff(const Person& person) {
  if (!store_.removeFactor(person.id, peopleNotice(person.username, "second_factor.off",
                                                   "turned the second factor off", "warning")))
    throw Problem{409, "second_factor.not_set", "there is no second factor"};
}

void SecondFactor::reset(const Person& person, const std::string& admin) {
  if (!store_.removeFactor(person.id,
                           peopleNotice(admin, "second_factor.reset",
                                        "reset the second factor of " + person.username, "warning")))
    throw Problem{409, "second_factor.not_set", "there is no second factor"};
}

std::string SecondFactor::pend(const Person& person, const std::string& password_hash) {
  const std::string token = randomBytes(kPendingBytes);
  const std::int64_t now = clock_.epochNs();
  store_.addPending({sha256(token), person.id, password_hash, now + kPendingNs}, now);
  return toBase64Url(token);
}

std::optional<std::string> SecondFactor::pending(const std::string& token) {
  const auto bytes = fromBase64Url(token);
  if (!bytes || bytes->size() != kPendingBytes) return std::nullopt;
  return store_.tryPending(sha256(*bytes), clock_.epochNs(), kPendingTries);
}

bool SecondFactor::endPending(const std::string& token) {
  const auto bytes = fromBase64Url(token);
  return bytes && store_.removePending(sha256(*bytes));
}

}  // namespace redflag::auth
