#include "store/audit_export.h"

#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/time.h"
#include "store/store.h"

namespace redflag::store {
namespace {

constexpr std::size_t kRecordsAtOnce = 1'000;
constexpr std::size_t kMaxLine = 256U << 10;
constexpr const char* kFormat = "redflag-audit/1";

using TextField = std::pair<const char*, std::string AuditRecord::*>;
constexpr std::array<TextField, 11> kTexts = {{{"client_id", &AuditRecord::client_id},
                                               {"agent_id", &AuditRecord::agent_id},
                                               {"subsystem", &AuditRecord::subsystem},
                                               {"actor", &AuditRecord::actor},
                                               {"peer", &AuditRecord::peer},
                                               {"request_id", &AuditRecord::request_id},
                                               {"kind", &AuditRecord::kind},
                                               {"text", &AuditRecord::text},
                                               {"code", &AuditRecord::code},
                                               {"severity", &AuditRecord::severity},
                                               {"command_id", &AuditRecord::command_id}}};

bool isMeant(const AuditExport& what, const AuditRecord& one) {
  return (what.client_id.empty() || one.client_id == what.client_id) && one.at >= what.from &&
         one.at < what.to;
}

Json lineOf(const AuditRecord& one) {
  Json json = {{"seq", one.seq},
               {"at_ms", one.at / kMillisecondNs},
               {"times", one.times},
               {"salt", toHex(one.salt)},
               {"hash", toHex(one.hash)}};
  for (const auto& [name, member] : kTexts)
    json[name] = one.*member;
  return json;
}

AuditVerdict wrong(AuditVerdict verdict, std::int64_t seq, const std::string& text) {
  verdict.ok = false;
  verdict.record = seq;
  verdict.text = text;
  return verdict;
}

Result<AuditRecord> recordIn(const Json& json, const std::string& previous) {
  JsonReader in(json, "line");
  AuditRecord out;
  out.seq = in.integer("seq", 1, INT64_MAX);
  out.at = in.integer("at_ms", 0, INT64_MAX / kMillisecondNs) * kMillisecondNs;
  out.times = in.integer("times", 1, INT64_MAX);
  for (const auto& [name, member] : kTexts)
    out.*member = in.optionalText(name, kMaxLine);
  const auto salt = fromHex(in.text("salt", 64));
  const auto hash = fromHex(in.text("hash", 64));
  if (const auto read = in.finish(); !read) return fail(read.error().code, read.error().text);
  if (!salt || !hash) return fail(Code::kInvalid, "a salt or hash is not hexadecimal");
  out.salt = *salt;
  out.hash = *hash;
  out.previous = previous;
  return out;
}

// Reads line after line; `number` is of the line that was read last.
class Lines {
 public:
  explicit Lines(std::istream& in) : in_(in) {}
  std::optional<Result<Json>> next() {
    std::string text;
    if (!std::getline(in_, text)) return std::nullopt;
    ++number;
    JsonLimits limits;
    limits.bytes = kMaxLine;
    auto json = parseJson(text, limits);
    if (json && json->is_object()) return json;
    return Result<Json>(fail(Code::kInvalid, "line " + std::to_string(number) + " is not a JSON object"));
  }
  std::int64_t number = 0;

 private:
  std::istream& in_;
};

Result<AuditWalk> begin(Lines& lines) {
  const auto first = lines.next();
  if (!first || !*first) return fail(Code::kInvalid, "the first line is not that of an export");
  JsonReader in(**first, "line 1");
  if (in.text("export", 64) != kFormat) in.refuse("export", kFormat);
  JsonReader after(in.object("after"), "line 1.after");
  const std::int64_t seq = after.integer("seq", 0, INT64_MAX);
  const auto hash = fromHex(after.text("hash", 64));
  in.optionalText("client_id", 64);
  in.find("from_ms");
  in.find("to_ms");
  if (const auto read = in.finish(); !read) return fail(read.error().code, read.error().text);
  if (const auto read = after.finish(); !read) return fail(read.error().code, read.error().text);
  if (!hash || hash->size() != 32) return fail(Code::kInvalid, "line 1.after.hash: expected 32 bytes");
  return AuditWalk(seq, *hash);
}

Result<> takeLine(AuditWalk& walk, const Json& json, std::int64_t number) {
  if (json.contains("content")) {
    JsonReader in(json, "line " + std::to_string(number));
    const std::int64_t seq = in.integer("seq", 1, INT64_MAX);
    const auto content = fromHex(in.text("content", 64));
    if (const auto read = in.finish(); !read) return fail(read.error().code, read.error().text);
    if (!content) return fail(Code::kInvalid, "a content hash is not hexadecimal");
    return walk.takeSealed(seq, *content);
  }
  const auto record = recordIn(json, walk.hash());
  if (!record) {
    return fail(record.error().code, "record " + std::to_string(walk.seq() + 1) + ", line " +
                                         std::to_string(number) + ": " + record.error().text);
  }
  return walk.take(*record);
}

}  // namespace

void exportAudit(const ReadTransaction& tx, const AuditExport& what, const SignedHead& head,
                 const std::function<void(const std::string& line)>& line) {
  const AuditHead now = tx.audit().head();
  Json first = {{"export", kFormat}, {"after", {{"seq", now.kept_after}, {"hash", toHex(now.kept_hash)}}}};
  if (!what.client_id.empty()) first["client_id"] = what.client_id;
  if (what.from > 0) first["from_ms"] = what.from / kMillisecondNs;
  if (what.to < INT64_MAX) first["to_ms"] = what.to / kMillisecondNs;
  line(dumpJson(first));
  for (std::int64_t seq = now.kept_after; seq < head.seq;) {
    const auto records = tx.audit().after(seq, kRecordsAtOnce);
    if (records.empty()) break;
    for (const auto& one : records) {
      seq = one.seq;
      if (seq > head.seq) break;
      line(dumpJson(isMeant(what, one) ? lineOf(one)
                                       : Json{{"seq", one.seq}, {"content", toHex(contentHash(one))}}));
    }
  }
  line(dumpJson({{"head", toJson(head)}}));
}

AuditVerdict verifyExport(std::istream& in, const std::optional<SignedHead>& signed_head) {
  AuditVerdict verdict;
  Lines lines(in);
  auto walk = begin(lines);
  if (!walk) return wrong(verdict, 0, walk.error().text);
  if (signed_head && signed_head->seq < walk->seq())
    return wrong(verdict, walk->seq(),
                 "the signed head is of record " + std::to_string(signed_head->seq) +
                     ", and the export begins after " + "record " + std::to_string(walk->seq()) +
                     ": a newer head is needed");
  bool met = !signed_head || signed_head->seq == walk->seq();
  if (signed_head && met && signed_head->hash != walk->hash())
    return wrong(verdict, walk->seq(),
                 "record " + std::to_string(walk->seq()) + " is not the one whose hash was signed");
  while (const auto json = lines.next()) {
    if (!*json) return wrong(verdict, walk->seq() + 1, json->error().text);
    if (!(**json).contains("head")) {
      if (const auto taken = takeLine(*walk, **json, lines.number); !taken)
        return wrong(verdict, walk->seq() + 1, taken.error().text);
      ++verdict.checked;
      if (!signed_head || walk->seq() != signed_head->seq) continue;
      met = true;
      if (walk->hash() != signed_head->hash) {
        return wrong(verdict, walk->seq(),
                     "record " + std::to_string(walk->seq()) + " is not the one whose hash was signed");
      }
      continue;
    }
    const auto own = readHead((**json)["head"]);
    if (!own) return wrong(verdict, walk->seq(), own.error().text);
    if (own->seq != walk->seq() || own->hash != walk->hash()) {
      return wrong(verdict, walk->seq() + 1,
                   "the file ends at record " + std::to_string(walk->seq()) + ", its head is of record " +
                       std::to_string(own->seq));
    }
    if (signed_head && signed_head->public_key != own->public_key)
      return wrong(verdict, walk->seq(),
                   "the file's head is signed by another key than the one that was kept");
    if (!met) {
      return wrong(verdict, walk->seq() + 1,
                   "the file ends at record " + std::to_string(walk->seq()) + ", but record " +
                       std::to_string(signed_head->seq) + " was signed: its end was cut off");
    }
    if (lines.next()) return wrong(verdict, walk->seq(), "there is more behind the head");
    verdict.head = {own->seq, own->hash, 0, ""};
    verdict.text = std::to_string(verdict.checked) + " records, up to record " + std::to_string(own->seq) +
                   ", signed by key " + protocol::keyId(own->public_key);
    return verdict;
  }
  return wrong(verdict, walk->seq() + 1, "the file ends without a head: its end was cut off");
}

}  // namespace redflag::store
