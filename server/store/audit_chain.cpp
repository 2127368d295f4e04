#include "store/audit_chain.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/canonical.h"
#include "store/store.h"

namespace redflag::store {
namespace {

constexpr std::size_t kAtOnce = 1'000;
constexpr const char* kHeadKind = "redflag-audit-head/1";

std::string record(std::int64_t seq) {
  return "record " + std::to_string(seq);
}

std::string signedBytes(const SignedHead& head) {
  protocol::CanonicalWriter out;
  out.domain("redflag audit head 1");
  out.integer(head.seq);
  out.bytes(head.hash);
  out.integer(head.at / kMillisecondNs);
  return out.result();
}

AuditVerdict failAt(AuditVerdict verdict, std::int64_t seq, const std::string& text) {
  verdict.ok = false;
  verdict.record = seq;
  verdict.text = text;
  return verdict;
}

}  // namespace

std::string emptyLogHash() {
  return std::string(32, '\0');
}

std::string contentHash(const AuditRecord& record) {
  protocol::CanonicalWriter out;
  out.domain("redflag audit record 1");
  out.bytes(record.salt);
  out.integer(record.at / kMillisecondNs);
  for (const std::string* text :
       {&record.client_id, &record.agent_id, &record.subsystem, &record.actor, &record.peer,
        &record.request_id, &record.kind, &record.text, &record.code, &record.severity, &record.command_id}) {
    out.bytes(*text);
  }
  out.integer(record.times);
  return sha256(out.result());
}

std::string linkHash(std::int64_t seq, const std::string& previous, const std::string& content_hash) {
  protocol::CanonicalWriter out;
  out.domain("redflag audit link 1");
  out.integer(seq);
  out.bytes(previous);
  out.bytes(content_hash);
  return sha256(out.result());
}

Result<> AuditWalk::follow(std::int64_t seq) const {
  if (seq == seq_ + 1) return {};
  if (seq <= seq_) return fail(Code::kInvalid, record(seq) + " is there where it does not belong");
  const std::string last = seq == seq_ + 2 ? "" : " to " + std::to_string(seq - 1);
  return fail(Code::kInvalid, record(seq_ + 1) + last + (last.empty() ? " is" : " are") + " missing");
}

Result<> AuditWalk::take(const AuditRecord& one) {
  if (auto order = follow(one.seq); !order) return order;
  if (one.previous != hash_) {
    return fail(Code::kInvalid, record(one.seq) + " does not follow " + record(one.seq - 1) +
                                    ": one of them was put in or exchanged");
  }
  if (linkHash(one.seq, hash_, contentHash(one)) != one.hash)
    return fail(Code::kInvalid, record(one.seq) + " was changed");
  seq_ = one.seq;
  hash_ = one.hash;
  return {};
}

Result<> AuditWalk::takeSealed(std::int64_t seq, const std::string& content_hash) {
  if (auto order = follow(seq); !order) return order;
  hash_ = linkHash(seq, hash_, content_hash);
  seq_ = seq;
  return {};
}

SignedHead signHead(const AuditHead& head, std::int64_t now_ns, const protocol::SigningKey& key) {
  SignedHead out{head.seq, head.hash, now_ns - now_ns % kMillisecondNs, key.publicKey(), ""};
  out.signature = key.sign(signedBytes(out));
  return out;
}

Json toJson(const SignedHead& head) {
  return {{"kind", kHeadKind},
          {"seq", head.seq},
          {"hash", toHex(head.hash)},
          {"at_ms", head.at / kMillisecondNs},
          {"key_id", protocol::keyId(head.public_key)},
          {"public_key", toBase64Url(head.public_key)},
          {"signature", toBase64Url(head.signature)}};
}

Result<SignedHead> readHead(const Json& json) {
  JsonReader in(json, "head");
  if (in.text("kind", 64) != kHeadKind) in.refuse("kind", kHeadKind);
  SignedHead out;
  out.seq = in.integer("seq", 0, INT64_MAX);
  const auto hash = fromHex(in.text("hash", 64));
  out.at = in.integer("at_ms", 0, INT64_MAX / kMillisecondNs) * kMillisecondNs;
  const std::string key_id = in.text("key_id", 16);
  const auto key = fromBase64Url(in.text("public_key", 64));
  const auto signature = fromBase64Url(in.text("signature", 128));
  if (const auto read = in.finish(); !read) return fail(read.error().code, read.error().text);
  if (!hash || !key || !signature)
    return fail(Code::kInvalid, "head: a hash, key or signature is not readable");
  out.hash = *hash;
  out.public_key = *key;
  out.signature = *signature;
  const bool right = protocol::keyId(out.public_key) == key_id &&
                     protocol::verifySignature(signedBytes(out), out.signature, out.public_key);
  if (!right) return fail(Code::kDenied, "head: the signature is not its key's");
  return out;
}

bool stillTells(const SignedHead& signed_head, const AuditHead& log, std::int64_t now_ns,
                std::int64_t keep_ns) {
  return signed_head.seq >= log.kept_after || signed_head.at >= now_ns - keep_ns;
}

AuditVerdict verifyAudit(const ReadTransaction& tx, const std::optional<SignedHead>& signed_head) {
  AuditVerdict verdict;
  verdict.head = tx.audit().head();
  const AuditHead& head = verdict.head;
  AuditWalk walk(head.kept_after, head.kept_hash);
  bool start_is_told = head.kept_after == 0 && head.kept_hash == emptyLogHash();
  const std::string told = toHex(head.kept_hash);
  // Where the log begins is what the log itself says: a head from before it proves nothing of it.
  if (signed_head && signed_head->seq < head.kept_after)
    return failAt(verdict, head.kept_after,
                  "the signed head is of " + record(signed_head->seq) + ", and the log begins after " +
                      record(head.kept_after) + ": a newer head is needed");
  bool met = !signed_head || signed_head->seq == head.kept_after;
  if (signed_head && met && signed_head->hash != head.kept_hash)
    return failAt(verdict, head.kept_after,
                  record(head.kept_after) + " is not the one whose hash was signed");
  for (;;) {
    const auto records = tx.audit().after(walk.seq(), kAtOnce);
    if (records.empty()) break;
    for (const auto& one : records) {
      if (const auto taken = walk.take(one); !taken)
        return failAt(verdict, std::min(one.seq, walk.seq() + 1), taken.error().text);
      ++verdict.checked;
      start_is_told = start_is_told || (one.kind == "audit.pruned" && one.code == told);
      if (!signed_head || one.seq != signed_head->seq) continue;
      met = true;
      if (one.hash != signed_head->hash)
        return failAt(verdict, one.seq, record(one.seq) + " is not the one whose hash was signed");
    }
  }
  if (walk.seq() != head.seq || walk.hash() != head.hash) {
    return failAt(verdict, walk.seq() + 1,
                  "the log ends at " + record(walk.seq()) + ", but it had come to " + record(head.seq) +
                      ": its end was cut off");
  }
  if (!met) {
    return failAt(verdict, walk.seq() + 1,
                  "the log ends at " + record(walk.seq()) + ", but " + record(signed_head->seq) +
                      " was signed: its end was cut off");
  }
  if (!start_is_told) {
    return failAt(verdict, head.kept_after + 1,
                  "the log begins after " + record(head.kept_after) +
                      ", but no record tells that those before it were forgotten");
  }
  verdict.text = std::to_string(verdict.checked) + " records, up to " + record(head.seq);
  return verdict;
}

}  // namespace redflag::store
