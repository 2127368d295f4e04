#include "services/scan_item.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/limits.h"
#include "protocol/record_kinds.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxRecords = 200'000;
constexpr std::size_t kMaxScopes = protocol::kMaxScanScopes + 1;
constexpr std::size_t kMaxScopeKey = 1'024;
constexpr std::size_t kMaxRowBytes = protocol::kMaxRecordBytes + 8 * kMaxScopeKey;  // its scope, quoted
constexpr std::size_t kMaxReports = protocol::kMaxScanReports + 1;
constexpr std::int64_t kDayMs = 86'400'000;

void requireOneOf(JsonReader& in, const char* key, const std::string& value,
                  std::initializer_list<const char*> allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    in.refuse(key, "a value this field may have");
}

std::int64_t readInstant(JsonReader& in, const char* key) {
  const auto at = fromRfc3339(in.text(key, 40));
  if (!at) in.refuse(key, "an RFC 3339 time in UTC");
  return at.value_or(0);
}

Result<> readScopes(const Json& list, ScanItem& item) {
  for (const Json& entry : list) {
    JsonReader in(entry, "scopes");
    store::ScopeStatus scope{in.text("key", kMaxScopeKey), in.text("status", 32)};
    if (auto ok = in.finish(); !ok) return ok;
    if (!item.scopes.try_emplace(scope.key, ScopeRows{scope.status, {}, {}, {}}).second) {
      return fail(Code::kInvalid, "scopes: a scope is named twice");
    }
    item.scan.scopes.push_back(std::move(scope));
  }
  return {};
}

Result<> checkReports(const Json& list) {
  for (const Json& entry : list) {
    JsonReader in(entry, "reports");
    in.text("status", 32);
    in.text("code", 128);
    in.text("text", 8'192);
    if (auto ok = in.finish(); !ok) return ok;
  }
  return {};
}

}  // namespace

// BLAKE2b: several times faster than SHA-256 here, and only compared with itself.
std::string digestOf(std::string_view bytes) {
  std::array<unsigned char, 16> hash;
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return toHex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

Result<> addRows(ScanItem& item, const Json& rows) {
  if (!rows.is_array() || rows.size() > kMaxRecords) return fail(Code::kLimit, "scan.records: too many");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Json& row = rows[i];
    const std::string place = "records[" + std::to_string(i) + "]";
    if (!row.is_object()) return fail(Code::kInvalid, place + ": expected an object");
    const auto named = row.find("scope");
    if (named != row.end() && !named->is_string())
      return fail(Code::kInvalid, place + ".scope: expected a text");
    const auto scope = item.scopes.find(named == row.end() ? std::string() : named->get<std::string>());
    if (scope == item.scopes.end())
      return fail(Code::kInvalid, place + ".scope: expected one of the scan's scopes");
    const std::string text = dumpJson(row);
    if (text.size() > kMaxRowBytes) return fail(Code::kLimit, place + ": longer than a row may be");
    scope->second.rows.push_back(&row);
    scope->second.digests.push_back(digestOf(text));
  }
  for (auto& [key, scope] : item.scopes) {
    std::vector<std::string> sorted = scope.digests;
    std::sort(sorted.begin(), sorted.end());
    std::string all;
    for (const auto& digest : sorted)
      all += digest;
    scope.digest = digestOf(all);
  }
  return {};
}

Result<ScanItem> readScanItem(const Json& json, std::int64_t now) {
  JsonReader in(json, "scan");
  ScanItem item;
  store::Scan& scan = item.scan;
  in.text("kind", 16);
  in.text("at", 40);
  scan.id = in.text("id", 26);
  scan.plugin = in.text("plugin", 128);
  scan.plugin_version = in.text("plugin_version", 64);
  scan.interface_id = in.text("interface", 128);
  scan.purpose = in.text("purpose", 16);
  requireOneOf(in, "purpose", scan.purpose, {"updates", "inventory", "verify"});
  scan.trigger = in.text("trigger", 16);
  requireOneOf(in, "trigger", scan.trigger, {"schedule", "manual", "command", "verify"});
  scan.command_id = in.optionalText("command_id", 26);
  scan.boot_id = in.text("boot_id", 64);
  scan.started_at = readInstant(in, "started_at");
  scan.duration_ms = in.integer("duration_ms", 0, 30 * kDayMs);
  scan.status = in.text("status", 32);
  scan.complete = in.boolean("complete");
  scan.received_at = now;
  const Json& scopes = in.array("scopes", kMaxScopes);
  in.array("records", kMaxRecords);
  scan.reports = in.array("reports", kMaxReports);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = readScopes(scopes, item); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = checkReports(scan.reports); !ok) return tl::unexpected<Error>(ok.error());
  return item;
}

}  // namespace redflag::services
