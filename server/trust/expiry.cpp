#include "trust/expiry.h"

#include <functional>
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
  std::int64_t ends_s = 0;
  try {
    ends_s = auth::notAfter(*auth::certificateFromPem(*pem));
  } catch (const std::exception& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
  out.push_back({what, file.filename().string(), 0, ends_s * kSecondNs, renews_itself, advice});
}

// What cannot be read keeps nothing else from being told.
void addIfReadable(Expiries& out, const std::function<void(std::vector<Expiry>&)>& add) {
  try {
    add(out.known);
  } catch (const std::exception& error) {
    out.unreadable.emplace_back(error.what());
  }
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

Expiries expiriesOf(const fs::path& data) {
  Expiries out;
  const fs::path metadata = data / "trust/metadata";
  const auto document = [&](const char* what, bool renews_itself) {
    addIfReadable(out, [&](auto& known) {
      addDocument(versioned(metadata, newestVersion(metadata, what), what), what, renews_itself, known);
    });
  };
  const auto certificate = [&](const char* file, const char* what, const char* advice) {
    addIfReadable(out, [&](auto& known) { addCertificate(data / "tls" / file, what, false, advice, known); });
  };
  document("root", false);
  addIfReadable(out, [&](auto& known) {
    const auto targets = versioned(metadata, newestVersion(metadata, "targets"), "targets");
    addDocument(targets, "targets", false, known);
    addCommandKeys(data / "trust", targets, known);
  });
  document("snapshot", true);
  addIfReadable(out,
                [&](auto& known) { addDocument(metadata / "timestamp.json", "timestamp", true, known); });
  certificate("server.pem", "certificate", "start the server again: it renews its certificate by itself");
  certificate("ca-active.pem", "authority", "let the one in reserve take over: redflag-server ca rotate");
  certificate("ca-reserve.pem", "reserve", "make a younger one: redflag-server ca rotate");
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
  const Expiries all = expiriesOf(data_);
  for (const Expiry& one : all.known) {
    const int urgency = urgencyOf(one, now_ns);
    if (urgency == 0) continue;
    spdlog::log(urgency < 0 ? spdlog::level::err : spdlog::level::warn, "{}; {}", sentenceOf(one, now_ns),
                one.advice);
  }
  for (const auto& why : all.unreadable)
    spdlog::warn("when it ends is not known: {}", why);
}

}  // namespace redflag::trust
