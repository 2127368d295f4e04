#include "host/start.h"

#include "base/json.h"
#include "base/time.h"

namespace redflag::host {
namespace {

constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;

std::string objectOf(JsonReader& in, const char* key) {
  const Json* value = in.find(key);
  if (value == nullptr) return "{}";
  if (!value->is_object()) in.refuse(key, "an object");
  return dumpJson(*value);
}

rf_purpose purposeOf(JsonReader& in) {
  const std::string name = in.optionalText("purpose", 32, "updates");
  if (name == "updates") return RF_PURPOSE_UPDATES;
  if (name == "inventory") return RF_PURPOSE_INVENTORY;
  if (name == "verify") return RF_PURPOSE_VERIFY;
  in.refuse("purpose", "updates, inventory or verify");
  return RF_PURPOSE_UPDATES;
}

}  // namespace

Result<Start> decodeStart(std::string_view json) {
  auto parsed = parseJson(json, {.bytes = 16U << 20, .depth = 32, .values = 1'000'000});
  if (!parsed) return failAt("start", parsed.error());
  JsonReader in(*parsed, "start");
  Start out;
  out.operation = in.text("operation", 32);
  out.interface_id = in.text("interface", 64);
  out.settings = objectOf(in, "settings");
  out.request = objectOf(in, "request");
  out.purpose = purposeOf(in);
  out.deadline_ns = monotonicNow() + in.integer("deadline_ms", 0, kLongestMs) * kMillisecondNs;
  out.max_records = static_cast<std::uint64_t>(in.optionalInteger("max_records", 1, 10'000'000, 100'000));
  if (auto finished = in.finish(); !finished) return tl::unexpected<Error>(finished.error());
  return out;
}

}  // namespace redflag::host
