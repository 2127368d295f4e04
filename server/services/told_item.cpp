#include "services/told_item.h"

#include "services/item_reading.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxPatterns = 64;
constexpr std::size_t kMaxToldPlugins = 200;
constexpr std::size_t kMaxValues = 400;
constexpr std::size_t kMaxKey = 512;
constexpr std::size_t kMaxValueBytes = 1'024;
constexpr std::size_t kMaxToldBytes = 48U << 10U;

bool allClean(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) {
    return text.size() <= kMaxKey && protocol::isCleanText(text);
  });
}

bool isPointer(const std::string& text) {
  if (!text.starts_with("/")) return false;
  for (std::size_t i = text.find('~'); i != std::string::npos; i = text.find('~', i + 1))
    if (text.compare(i, 2, "~0") != 0 && text.compare(i, 2, "~1") != 0) return false;
  return true;
}

Json readValue(const Json& json) {
  JsonReader in(json, "agent_status.settings.values");
  Json out = {{"key", readClean(in, "key", kMaxKey)},
              {"from", readChoice(in, "from", {"default", "plugin", "yaml", "server"})}};
  if (!isPointer(out["key"].get_ref<const std::string&>())) in.refuse("key", "a JSON pointer");
  if (const auto line = in.optionalInteger("line", 0, INT32_MAX, 0); line > 0) out["line"] = line;
  if (const Json* value = in.find("value")) {
    if (dumpJson(*value).size() > kMaxValueBytes) in.refuse("value", "at most a kilobyte");
    out["value"] = *value;
  }
  if (auto ok = in.finishIgnoringUnknown(); !ok) throw http::Problem{400, "item.invalid", ok.error().text};
  return out;
}

}  // namespace

std::string readToldSettings(JsonReader& in) {
  if (in.find("settings") == nullptr) return "";
  JsonReader told(in.object("settings"), "agent_status.settings");
  const auto may_set = told.texts("may_set", kMaxPatterns);
  const auto plugins = told.texts("plugins", kMaxToldPlugins);
  if (!allClean(may_set)) told.refuse("may_set", "short texts without control characters");
  if (!allClean(plugins)) told.refuse("plugins", "short texts without control characters");
  Json values = Json::array();
  for (const Json& item : told.array("values", kMaxValues))
    values.push_back(readValue(item));
  Json out = {{"may_set", may_set}, {"plugins", plugins}, {"values", std::move(values)}};
  if (told.optionalBoolean("cut", false)) out["cut"] = true;
  if (auto ok = told.finishIgnoringUnknown(); !ok) throw http::Problem{400, "item.invalid", ok.error().text};
  std::string text = dumpJson(out);
  if (text.size() > kMaxToldBytes)
    throw http::Problem{400, "item.invalid", "agent_status.settings: too long"};
  return text;
}

}  // namespace redflag::services
