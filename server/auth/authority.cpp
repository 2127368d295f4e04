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

Authority::Authority(std::filesystem::path folder) : folder_(std::move(folder)) {
  ensureCertificate(kActive);
  ensureCertificate(kReserve);
}

void Authority::ensureCertificate(const std::string& name) {
  const auto certificate_file = certificateFile(folder_, name.c_str());
  const auto key_file = privateKeyFile(folder_, name.c_str());
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
  const Certificate issuer = certificateFromPem(activePem());
  const Key issuer_key = keyFromPem(require(privateKeyFile(folder_, kActive)));
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

std::vector<std::string> Authority::certificatesDer() const {
  std::vector<std::string> out;
  for (const char* name : {kActive, kReserve}) {
    out.push_back(toDer(*certificateFromPem(require(certificateFile(folder_, name)))));
  }
  return out;
}

std::string Authority::activePem() const {
  return require(certificateFile(folder_, kActive));
}

}  // namespace redflag::auth
