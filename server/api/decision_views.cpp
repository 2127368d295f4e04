#include "api/decision_views.h"

#include "api/views.h"
#include "base/encoding.h"

namespace redflag::api {

store::DecisionScope readScope(JsonReader& in) {
  store::DecisionScope scope;
  const auto read = [&](const char* key, std::string& id) {
    id = in.optionalText(key, 26);
    if (!id.empty() && !isId(id)) in.refuse(key, "an id");
  };
  read("client_id", scope.client_id);
  read("site_id", scope.site_id);
  read("agent_id", scope.agent_id);
  return scope;
}

store::DecisionScope readScopeOrGroup(JsonReader& in) {
  store::DecisionScope scope = readScope(in);
  scope.group_id = in.optionalText("group_id", 26);
  if (!scope.group_id.empty() && !isId(scope.group_id)) in.refuse("group_id", "an id");
  int given = 0;
  for (const std::string* id : {&scope.site_id, &scope.group_id, &scope.agent_id})
    given += id->empty() ? 0 : 1;
  if (given > 1) in.refuse("site_id", "one of a site, a group and an agent");
  return scope;
}

Json view(const store::DecisionScope& scope) {
  return {{"client_id", textOrNull(scope.client_id)}, {"client_name", textOrNull(scope.client_name)},
          {"site_id", textOrNull(scope.site_id)},     {"site_name", textOrNull(scope.site_name)},
          {"agent_id", textOrNull(scope.agent_id)},   {"hostname", textOrNull(scope.hostname)}};
}

Json viewWithGroup(const store::DecisionScope& scope) {
  Json json = view(scope);
  json["group_id"] = textOrNull(scope.group_id);
  json["group_name"] = textOrNull(scope.group_name);
  return json;
}

Json sampleView(const std::vector<store::UpdateRow>& rows) {
  Json items = Json::array();
  for (const auto& row : rows) {
    items.push_back({{"update_id", row.id},
                     {"hostname", row.hostname},
                     {"name", row.name},
                     {"candidate_version", row.candidate_version}});
  }
  return items;
}

}  // namespace redflag::api
