#include "trust/expiry.h"

#include <stdexcept>

#include "auth/x509.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "protocol/command_list.h"
#include "trust/files.h"

namespace redflag::trust {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kExpiryDayNs = 86'400 * kSecondNs;
constexpr std::int64_t kSelfRenewedLateNs = 12 * 3600 * kSecondNs;  // the timestamp is good for 48 hours

constexpr const char* kRenew =
    "renew it where the offline keys are: `redflag-server keys renew ROLE`, sign, publish";
constexpr const char* kLookAtLog = "the server renews it by itself: look into its log why it does not";

void addDocument(const fs::path& file, const char* what, bool renews_itself, std::vector<Expiry>& out) {
  const auto text = readIfThere(file);
  if (!text) return;
  const Json body = bodyOf(*text, file);
  const auto expires = fromRfc3339(body.value("expires", ""));
  if (!expires) throw std::runtime_error(file.string() + ": it says no time at which it ends");
  std::string advice = renews_itself ? kLookAtLog : kRenew;
  if (const auto role = advice.find("ROLE"); role != std::string::npos) advice.replace(role, 4, what);
  out.push_back({what, "", body.value("version", std::int64_t{0}), *expires, renews_itself, advice});
}

void addCommandKeys(const fs::path& repository, const fs::path& targets_file, std::vector<Expiry>& out) {
  const auto targets = readIfThere(targets_file);
  if (!targets) return;
  const Json listed = bodyOf(*targets, targets_file).value("targets", Json::object());
  if (!listed.contains(protocol::kCommandListTarget)) return;
  const std::string hash = listed[protocol::kCommandListTarget]["hashes"].value("sha256", "");
  const fs::path file = repository / "targets" / hashedName(protocol::kCommandListTarget, hash);
  const auto text = readIfThere(file);
  if (!text) return;
  const auto list = protocol::decodeCommandList(*text);
  if (!list) throw std::runtime_error(file.string() + ": " + list.error().text);
  for (const auto& one : list->keys) {
    out.push_back(
        {"command_key", one.key.key_id, 0, one.not_after, false,
         "where the offline keys are, list a key with a later end: `redflag-server keys commands --add "
         "FILE`, sign, publish"});
  }
}

void addCertificate(const fs::path& file, const char* what, bool renews_itself, const char* advice,
                    std::vector<Expiry>& out) {
  const auto pem = readIfThere(file);
  if (!pem) return;
  const auto certificate = auth::certificateFromPem(*pem);
  out.push_back(
      {what, file.filename().string(), 0, auth::notAfter(*certificate) * kSecondNs, renews_itself, advice});
}

const char* nameOf(const std::string& what) {
  if (what == "command_key") return "command key";
  if (what == "certificate") return "TLS certificate";
  if (what == "authority") return "certificate authority";
  if (what == "reserve") return "certificate authority in reserve";
  return nullptr;
}

}  // namespace

int expiryWarningDays(std::int64_t expires_ns, std::int64_t now_ns) {
  for (const int days : {7, 30, 60})
    if (expires_ns - now_ns <= days * kExpiryDayNs) return days;
  return 0;
}

std::vector<Expiry> expiriesOf(const fs::path& data) {
  std::vector<Expiry> out;
  const fs::path metadata = data / "trust/metadata";
  const fs::path targets = versioned(metadata, newestVersion(metadata, "targets"), "targets");
  addDocument(versioned(metadata, newestVersion(metadata, "root"), "root"), "root", false, out);
  addDocument(targets, "targets", false, out);
  addDocument(versioned(metadata, newestVersion(metadata, "snapshot"), "snapshot"), "snapshot", true, out);
  addDocument(metadata / "timestamp.json", "timestamp", true, out);
  addCommandKeys(data / "trust", targets, out);
  addCertificate(data / "tls/server.pem", "certificate", false,
                 "start the server again: it renews its certificate by itself", out);
  addCertificate(data / "tls/ca-active.pem", "authority", false,
                 "let the one in reserve take over: redflag-server ca rotate", out);
  addCertificate(data / "tls/ca-reserve.pem", "reserve", false,
                 "make a younger one: redflag-server ca rotate", out);
  return out;
}

int urgencyOf(const Expiry& expiry, std::int64_t now_ns) {
  const std::int64_t left = expiry.at_ns - now_ns;
  if (left <= 0) return -1;
  if (expiry.renews_itself) return left < kSelfRenewedLateNs ? 7 : 0;
  return expiryWarningDays(expiry.at_ns, now_ns);
}

std::string sentenceOf(const Expiry& expiry, std::int64_t now_ns) {
  const char* name = nameOf(expiry.what);
  std::string out = name != nullptr ? name : "trust document " + expiry.what;
  if (!expiry.subject.empty()) out += " " + expiry.subject;
  if (expiry.version > 0) out += ", version " + std::to_string(expiry.version) + ",";
  const std::int64_t left = expiry.at_ns - now_ns;
  out += (left <= 0 ? " ended on " : " ends on ") + toRfc3339(expiry.at_ns).substr(0, 10);
  if (left > 0) out += ", in " + std::to_string(left / kExpiryDayNs) + " days";
  return out;
}

void ExpiryLog::tend(std::int64_t now_ns) {
  if (told_at_ != 0 && now_ns - told_at_ < kExpiryDayNs && now_ns >= told_at_) return;
  told_at_ = now_ns;
  try {
    for (const Expiry& one : expiriesOf(data_)) {
      const int urgency = urgencyOf(one, now_ns);
      if (urgency == 0) continue;
      spdlog::log(urgency < 0 ? spdlog::level::err : spdlog::level::warn, "{}; {}", sentenceOf(one, now_ns),
                  one.advice);
    }
  } catch (const std::exception& error) {
    spdlog::warn("what ends soon is not known: {}", error.what());
  }
}

}  // namespace redflag::trust
