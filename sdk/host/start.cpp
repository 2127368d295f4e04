#include "host/start.h"

#include "base/json.h"
#include "base/time.h"

namespace redflag::host {
namespace {

constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;
constexpr std::size_t kMaxItems = 256;

std::vector<std::string> textsOf(JsonReader& in, const char* key) {
  std::vector<std::string> out;
  for (const auto& item : in.optionalArray(key, kMaxItems)) {
    if (!item.is_string()) {
      in.refuse(key, "a list of texts");
      return {};
    }
    out.push_back(item.get<std::string>());
  }
  return out;
}

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

Result<> readExpectation(JsonReader& in, Start& out) {
  const Json* expect = in.find("expect");
  if (expect == nullptr) return {};
  auto manifest = manifestFrom(*expect, "start.expect");
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  out.expected = std::move(*manifest);
  return {};
}

}  // namespace

Result<Start> decodeStart(std::string_view json) {
  auto parsed = parseJson(json, {.bytes = 16U << 20, .depth = 32, .values = 1'000'000});
  if (!parsed) return failAt("start", parsed.error());
  JsonReader in(*parsed, "start");
  Start out;
  out.library = in.text("library", 4096);
  if (!out.library.is_absolute()) in.refuse("library", "an absolute path");
  out.operation = in.text("operation", 32);
  out.interface_id = in.text("interface", 64);
  out.settings = objectOf(in, "settings");
  out.request = objectOf(in, "request");
  out.purpose = purposeOf(in);
  out.deadline_ns = monotonicNow() + in.integer("deadline_ms", 0, kLongestMs) * kMillisecondNs;
  out.max_records = static_cast<std::uint64_t>(in.optionalInteger("max_records", 1, 10'000'000, 100'000));
  out.capabilities = textsOf(in, "capabilities");
  out.requires_libraries = textsOf(in, "requires");
  if (auto expected = readExpectation(in, out); !expected) return tl::unexpected<Error>(expected.error());
  if (auto finished = in.finish(); !finished) return tl::unexpected<Error>(finished.error());
  return out;
}

}  // namespace redflag::host
