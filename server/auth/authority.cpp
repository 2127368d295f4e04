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
constexpr const char* kOld = "ca-old";

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
  finishTakeOver();
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
  for (const char* role : {"active", "reserve", "next", "old"}) {
    if (auto der = certificateDer(role)) out.push_back(std::move(*der));
  }
  return out;
}

std::optional<std::string> Authority::certificateDer(const std::string& role) const {
  const auto pem = readSecretFile(folder_ / ("ca-" + role + ".pem"));
  if (!pem) return std::nullopt;
  return toDer(*certificateFromPem(*pem));
}

bool Authority::has(const char* name) const {
  return readSecretFile(certificateFile(folder_, name)).has_value();
}

bool Authority::prepareNext() {
  if (has(kNext)) return false;
  ensureCertificate(kNext);
  return true;
}

// The certificate goes last to where it is looked for: with it the pair is whole.
void Authority::move(const char* from, const char* to) {
  writeSecretFile(privateKeyFile(folder_, to), require(privateKeyFile(folder_, from)));
  std::filesystem::rename(certificateFile(folder_, from), certificateFile(folder_, to));
  std::filesystem::remove(privateKeyFile(folder_, from));
}

void Authority::takeOver() {
  if (!has(kNext))
    throw std::runtime_error("there is no next authority; run `redflag-server ca rotate` first");
  if (has(kOld))
    throw std::runtime_error("an old authority is still there; run `redflag-server ca retire` first");
  move(kActive, kOld);
  finishTakeOver();
}

void Authority::finishTakeOver() {
  if (has(kOld) && !has(kActive)) move(kReserve, kActive);
  if (has(kNext) && !has(kReserve)) move(kNext, kReserve);
}

bool Authority::retireOld() {
  if (!has(kOld)) return false;
  std::filesystem::remove(certificateFile(folder_, kOld));
  std::filesystem::remove(privateKeyFile(folder_, kOld));
  return true;
}

std::string Authority::activePem() const {
  return require(certificateFile(folder_, kActive));
}

}  // namespace redflag::auth
