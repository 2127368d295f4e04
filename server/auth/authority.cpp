#include "auth/authority.h"

#include <stdexcept>

#include "auth/secret_file.h"
#include "auth/x509.h"
#include "base/encoding.h"
#include "base/time.h"

namespace redflag::auth {
namespace {

constexpr std::int64_t kDayS = 24 * 3600;
constexpr std::int64_t kAuthorityDays = 20 * 365;
constexpr std::int64_t kServerDays = 397;  // the most that browsers take
constexpr std::int64_t kRenewDays = 60;
constexpr std::int64_t kBackdateDays = 1;  // for machines whose clock is behind

constexpr const char* kActive = "ca-active";
constexpr const char* kReserve = "ca-reserve";
constexpr const char* kNext = "ca-next";
constexpr const char* kSpare = "ca-spare";
constexpr const char* kOld = "ca-old";
constexpr const char* kFormer = "ca-former";

std::string require(const std::filesystem::path& file) {
  auto content = readSecretFile(file);
  if (!content) throw std::runtime_error(file.string() + " is missing");
  return std::move(*content);
}

std::filesystem::path certificateFile(const std::filesystem::path& folder, const char* name) {
  return folder / (std::string(name) + ".pem");
}

std::filesystem::path privateKeyFile(const std::filesystem::path& folder, const char* name) {
  return folder / (std::string(name) + ".key");
}

}  // namespace

Authority::Authority(std::filesystem::path folder) : Authorities(std::move(folder)) {
  const AuthorityLock lock(this->folder(), AuthorityLock::Access::kChange);
  finishTakeOver();
  removeStrayKeys();
  if (has(kReserve) && !has(kActive))
    throw std::runtime_error(certificateFile(this->folder(), kActive).string() +
                             " is missing: restore it from a backup, no agent believes another one");
  ensureCertificate(kActive);
  ensureCertificate(kReserve);
}

void Authority::ensureCertificate(const std::string& name) {
  const auto certificate_file = certificateFile(folder(), name.c_str());
  const auto key_file = privateKeyFile(folder(), name.c_str());
  if (readSecretFile(certificate_file)) {
    const Certificate certificate = certificateFromPem(require(certificate_file));
    if (!belongTogether(*certificate, *keyFromPem(require(key_file)))) {
      throw std::runtime_error(key_file.string() + " is not the key of " + certificate_file.string());
    }
    return;
  }
  const std::int64_t now_s = epochNow() / kSecondNs;
  const Key key = makeKey();
  const Subject subject{
      "RedFlag CA " + newId().substr(20), {}, now_s - kBackdateDays * kDayS, now_s + kAuthorityDays * kDayS};
  const Certificate certificate = makeAuthority(subject, *key);
  writeSecretFile(key_file, toPem(*key));
  writeSecretFile(certificate_file, toPem(*certificate));  // last: it says that the pair is whole
}

bool Authority::ensureServerCertificate(const std::set<std::string>& names, std::int64_t now_s) {
  const AuthorityLock lock(folder(), AuthorityLock::Access::kChange);
  finishTakeOver();
  const std::string issuer_pem = require(certificateFile(folder(), kActive));
  const Certificate issuer = certificateFromPem(issuer_pem);
  const Key issuer_key = keyFromPem(require(privateKeyFile(folder(), kActive)));
  if (const auto pem = readSecretFile(chainFile())) {
    const Certificate present = certificateFromPem(*pem);
    const bool lasts = notAfter(*present) > now_s + kRenewDays * kDayS;
    if (lasts && namesOf(*present) == names && isSignedBy(*present, *issuer_key) &&
        belongTogether(*present, *keyFromPem(require(keyFile())))) {
      return false;
    }
  }
  const Key key = makeKey();
  const Subject subject{*names.begin(), names, now_s - kBackdateDays * kDayS, now_s + kServerDays * kDayS};
  const Certificate certificate = signServer(subject, *key, *issuer, *issuer_key);
  writeSecretFile(keyFile(), toPem(*key));
  writeSecretFile(chainFile(), toPem(*certificate) + toPem(*issuer));
  return true;
}

bool Authority::has(const char* name) const {
  return readSecretFile(certificateFile(folder(), name)).has_value();
}

// The spare comes first: a next one beside it is the whole of the step.
bool Authority::prepareNext(Cause cause) {
  const AuthorityLock lock(folder(), AuthorityLock::Access::kChange);
  if (has(kNext)) return false;
  if (cause == Cause::kStolen) ensureCertificate(kSpare);
  ensureCertificate(kNext);
  return true;
}

// The certificate goes last to where it is looked for: with it the pair is whole.
void Authority::move(const char* from, const char* to) {
  writeSecretFile(privateKeyFile(folder(), to), require(privateKeyFile(folder(), from)));
  std::filesystem::rename(certificateFile(folder(), from), certificateFile(folder(), to));
  std::filesystem::remove(privateKeyFile(folder(), from));
}

void Authority::takeOver() {
  const AuthorityLock lock(folder(), AuthorityLock::Access::kChange);
  if (!has(kNext))
    throw std::runtime_error("there is no next authority; run `redflag-server ca rotate` first");
  if (has(kOld))
    throw std::runtime_error("an old authority is still there; run `redflag-server ca retire` first");
  move(kActive, kOld);
  finishTakeOver();
}

void Authority::finishTakeOver() {
  if (has(kOld) && !has(kActive)) {
    if (has(kSpare)) {
      if (has(kReserve)) move(kReserve, kFormer);
      move(kNext, kActive);
    } else {
      move(kReserve, kActive);
    }
  }
  if (has(kReserve) || !has(kOld)) return;
  if (has(kSpare)) {
    move(kSpare, kReserve);
  } else if (has(kNext)) {
    move(kNext, kReserve);
  }
}

bool Authority::retireOld() {
  const AuthorityLock lock(folder(), AuthorityLock::Access::kChange);
  if (!has(kOld)) return false;
  remove(kFormer);
  remove(kOld);
  return true;
}

void Authority::remove(const char* name) {
  std::filesystem::remove(certificateFile(folder(), name));
  std::filesystem::remove(privateKeyFile(folder(), name));
}

// Of a step that was cut short between a certificate and its key: a key that may be stolen must not stay.
void Authority::removeStrayKeys() {
  for (const char* name : {kActive, kReserve, kNext, kSpare, kOld, kFormer})
    if (!has(name)) std::filesystem::remove(privateKeyFile(folder(), name));
  if (has(kSpare) && has(kReserve) && !has(kNext)) remove(kSpare);
}

}  // namespace redflag::auth
