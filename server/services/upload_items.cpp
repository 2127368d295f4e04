#include "services/upload_items.h"

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"

namespace redflag::services {
namespace {

constexpr JsonLimits kUploadLimits{protocol::kMaxExpandedUploadBytes, protocol::kMaxUploadDepth,
                                   protocol::kMaxUploadValues};

}  // namespace

Json parseUpload(const std::string& body) {
  auto json = parseJson(body, kUploadLimits);
  if (!json) throw http::Problem{400, "upload.invalid", json.error().text};
  JsonReader in(*json, "upload");
  const Json& items = in.array("items", protocol::kMaxUploadItems);
  if (auto ok = in.finish(); !ok) throw http::Problem{400, "upload.invalid", ok.error().text};
  for (const Json& item : items) {
    const bool named = item.is_object() && item.contains("id") && item["id"].is_string();
    if (!named || !isId(item["id"].get_ref<const std::string&>())) {
      throw http::Problem{400, "upload.invalid", "upload.items: expected an id in each item"};
    }
  }
  return std::move(*json);
}

std::string kindOf(const Json& item) {
  const auto it = item.find("kind");
  return it != item.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace redflag::services
