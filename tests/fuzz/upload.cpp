// An upload's body: cut in two so that known lists need not be parsed, it says what it says in one piece.
#include "base/encoding.h"
#include "fuzz.h"
#include "protocol/limits.h"
#include "protocol/record_check.h"
#include "services/scan_item.h"
#include "services/update_record.h"
#include "services/upload_text.h"

namespace redflag::fuzz {
namespace {

constexpr JsonLimits kUploadLimits{protocol::kMaxExpandedUploadBytes, protocol::kMaxUploadDepth,
                                   protocol::kMaxUploadValues};

bool putBack(Json& body, const services::UploadText& cut) {
  for (const auto& [index, text] : cut.records) {
    auto records = parseJson(text, kUploadLimits);
    if (!records) return false;
    body.at("items").at(index)["records"] = std::move(*records);
  }
  return true;
}

void readItem(const Json& json) {
  auto item = services::readScanItem(json, 1'740'794'400'000'000'000);
  if (!item || !services::addRows(*item, json.at("records"))) return;
  for (const auto& [key, scope] : item->scopes)
    for (const Json* row : scope.rows)
      if (protocol::checkRecord(*row, "row") && row->at("record") == "update/1")
        claim(!services::toUpdate(*row).key.empty(), "an update has a key");
}

}  // namespace

REDFLAG_FUZZ(upload) {
  const auto whole = parseJson(input, kUploadLimits);
  const auto cut = services::cutRecords(input, 1);
  auto skeleton = parseJson(cut.skeleton, kUploadLimits);
  if (whole) {
    claim(skeleton.has_value(), "what is left of JSON is JSON");
    claim(putBack(*skeleton, cut) && *skeleton == *whole, "put together again it is the same");
  }
  if (!whole || !whole->is_object()) return;
  const auto items = whole->find("items");
  if (items == whole->end() || !items->is_array()) return;
  for (const Json& item : *items)
    readItem(item);
}

}  // namespace redflag::fuzz
