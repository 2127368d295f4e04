#include "schedule/installed_now.h"

#include <map>

#include "protocol/record_check.h"

namespace redflag::kernel {
namespace {

std::string memberOf(const Json& json, const char* name) {
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

using Asked = std::vector<std::string>;  // name, arch and version: what an answer is known again by

Asked askedIn(const Json& update) {
  return {memberOf(update, "name"), memberOf(update, "arch"), memberOf(update, "version")};
}

}  // namespace

Json verifyRequest(const Json& ordered) {
  Json updates = Json::array();
  for (const Json& update : ordered) {
    const Asked asked = askedIn(update);
    updates.push_back({{"name", asked[0]}, {"arch", asked[1]}, {"version", asked[2]}});
  }
  return {{"updates", std::move(updates)}};
}

std::vector<std::string> installedRecords(const std::string& manager, const std::string& scope,
                                          const Json& ordered, const Json& told) {
  std::map<Asked, std::string> keys;
  for (const Json& update : ordered)
    keys[askedIn(update)] = memberOf(update, "key");
  std::vector<std::string> records;
  const auto rows = told.is_object() ? told.find("updates") : told.end();
  if (rows == told.end() || !rows->is_array()) return records;
  for (const Json& row : *rows) {
    const auto key = keys.find(askedIn(row));
    if (key == keys.end() || memberOf(row, "installed_version").empty()) continue;
    const Json record = {{"record", "package/1"},
                         {"scope", scope},
                         {"manager", manager},
                         {"key", key->second},
                         {"name", memberOf(row, "name")},
                         {"arch", memberOf(row, "arch")},
                         {"version", memberOf(row, "installed_version")}};
    // One that the server does not take would cost the whole scan.
    if (!key->second.empty() && protocol::checkRecord(record, manager)) records.push_back(dumpJson(record));
  }
  return records;
}

}  // namespace redflag::kernel
