#include "services/audit_keeper.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "auth/secret_file.h"
#include "base/json.h"
#include "base/log.h"
#include "http/message.h"

namespace redflag::services {
namespace {

constexpr std::int64_t kKeepHeadEveryNs = 60 * kSecondNs;
constexpr std::int64_t kVerifyEveryNs = 86'400 * kSecondNs;

}  // namespace

store::SignedHead readHeadFile(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file.string() + ": it cannot be read");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto json = parseJson(text, {16U << 10, 4, 32});
  if (!json || !json->is_object()) throw std::runtime_error(file.string() + ": this is not a signed head");
  // As an API's answer has it, or by itself.
  auto head = store::readHead(json->contains("head") ? (*json)["head"] : *json);
  if (!head) throw std::runtime_error(file.string() + ": " + head.error().text);
  return std::move(*head);
}

AuditKeeper::AuditKeeper(store::Store& store, protocol::SigningKey key, std::filesystem::path head_file,
                         const Clock& clock, std::int64_t keep_ns)
    : store_(store),
      key_(std::move(key)),
      head_file_(std::move(head_file)),
      clock_(clock),
      keep_ns_(keep_ns) {}

store::SignedHead AuditKeeper::head() const {
  const auto head = store_.read([](const store::ReadTransaction& tx) { return tx.audit().head(); });
  return store::signHead(head, clock_.epochNs(), key_);
}

void AuditKeeper::exportTo(const store::AuditExport& what,
                           const std::function<void(const std::string& line)>& line) const {
  store_.read([&](const store::ReadTransaction& tx) {
    store::exportAudit(tx, what, store::signHead(tx.audit().head(), clock_.epochNs(), key_), line);
  });
}

std::string AuditKeeper::exported(const store::AuditExport& what, std::size_t max_bytes) const {
  std::string out;
  exportTo(what, [&](const std::string& line) {
    if (out.size() + line.size() + 1 > max_bytes) {
      throw http::Problem{
          413, "audit.too_large",
          "the log is larger than can be sent at once: run `redflag-server audit export` on the "
          "server"};
    }
    out += line;
    out += '\n';
  });
  return out;
}

AuditKeeper::Verification AuditKeeper::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

std::optional<store::SignedHead> AuditKeeper::kept() const {
  if (!std::filesystem::exists(head_file_)) return std::nullopt;
  return readHeadFile(head_file_);
}

// A server that was off for longer than records are kept comes back with a head of what was forgotten since.
std::optional<store::SignedHead> AuditKeeper::telling(std::optional<store::SignedHead> head) const {
  if (!head) return head;
  const auto log = store_.read([](const store::ReadTransaction& tx) { return tx.audit().head(); });
  if (store::stillTells(*head, log, clock_.epochNs(), keep_ns_)) return head;
  spdlog::warn(
      "audit: the head of record {} that was kept is older than records are: nothing is compared with it",
      head->seq);
  return std::nullopt;
}

AuditKeeper::Verification AuditKeeper::verify() {
  Verification out;
  out.at = clock_.epochNs();
  const auto signed_head = telling(kept());
  if (signed_head && signed_head->public_key != key_.publicKey()) {
    out.verdict.ok = false;
    out.verdict.text = head_file_.string() + " is signed by another key than this server's";
  } else {
    out.verdict =
        store_.read([&](const store::ReadTransaction& tx) { return store::verifyAudit(tx, signed_head); });
  }
  if (!out.verdict.ok) spdlog::error("audit: the log is not whole: {}", out.verdict.text);
  const std::lock_guard lock(mutex_);
  last_ = out;
  return out;
}

// A head that is signed over another one must stand on it: else a tail that was cut is forgotten.
std::string AuditKeeper::missingSince(const std::optional<store::SignedHead>& before) const {
  if (!before || before->seq == 0) return {};
  const auto log = store_.read([](const store::ReadTransaction& tx) { return tx.audit().head(); });
  if (before->seq == log.kept_after && before->hash == log.kept_hash)
    return {};  // the last that was forgotten
  const auto records =
      store_.read([&](const store::ReadTransaction& tx) { return tx.audit().after(before->seq - 1, 1); });
  if (!records.empty() && records[0].seq == before->seq && records[0].hash == before->hash) return {};
  return "record " + std::to_string(before->seq) + ", whose hash was signed, is not there any more";
}

bool AuditKeeper::standsOnKept() const {
  try {
    const auto before = kept();
    return before && before->seq > 0 && before->public_key == key_.publicKey() &&
           missingSince(before).empty();
  } catch (const std::runtime_error& error) {
    spdlog::warn("audit: {}", error.what());
    return false;
  }
}

void AuditKeeper::keepHead(std::int64_t now_ns) {
  if (kept_at_ != 0 && now_ns - kept_at_ < kKeepHeadEveryNs && now_ns >= kept_at_) return;
  kept_at_ = now_ns;
  const auto head = this->head();
  if (head.seq == kept_seq_) return;
  if (const std::string missing = missingSince(telling(kept())); !missing.empty()) {
    spdlog::error("audit: the log is not whole: {}", missing);
    const std::lock_guard lock(mutex_);
    last_.verdict.ok = false;
    last_.verdict.text = missing;
    return;
  }
  auth::writePublicFile(head_file_, dumpJson(store::toJson(head)) + "\n");
  kept_seq_ = head.seq;
}

void AuditKeeper::finish(std::int64_t now_ns) {
  keepSoon();
  tend(now_ns);
}

void AuditKeeper::tend(std::int64_t now_ns) {
  try {
    const auto before = last();
    if (before.at == 0 || now_ns - before.at >= kVerifyEveryNs || now_ns < before.at) verify();
    // A head over a log that is not whole would hide what is missing.
    if (last().verdict.ok) keepHead(now_ns);
  } catch (const http::Problem& problem) {
    spdlog::warn("audit: {}", problem.detail);
  } catch (const std::exception& error) {
    spdlog::error("audit: {}", error.what());
  }
}

}  // namespace redflag::services
