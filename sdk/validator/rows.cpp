#include "validator/rows.h"

#include <algorithm>
#include <iterator>

#include "protocol/record_kinds.h"

namespace redflag::validator {
namespace {

bool isMeasured(const std::string& kind, const std::string& field, const Json& value) {
  if (kind == "metric/1" || kind == "fact/1") return field == "value";
  return value.is_number() && (kind == "volume/1" || protocol::isForeignKind(kind));
}

std::string onlyIn(const std::vector<std::string>& one, const std::vector<std::string>& two) {
  std::vector<std::string> rest;
  std::set_difference(one.begin(), one.end(), two.begin(), two.end(), std::back_inserter(rest));
  return rest.empty() ? "" : rest.front().substr(0, 300);
}

}  // namespace

std::string withoutMeasurements(const Json& row) {
  const auto kind = row.value("record", "");
  Json out = Json::object();
  for (const auto& [field, value] : row.items()) {
    if (!isMeasured(kind, field, value)) out[field] = value;
  }
  return dumpJson(out);
}

std::string firstDifference(const std::vector<std::string>& one, const std::vector<std::string>& two) {
  if (const auto gone = onlyIn(one, two); !gone.empty()) return "only the first answer has " + gone;
  if (const auto come = onlyIn(two, one); !come.empty()) return "only the second answer has " + come;
  return {};
}

}  // namespace redflag::validator
