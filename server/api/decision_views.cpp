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

Json view(const store::DecisionScope& scope) {
  return {{"client_id", textOrNull(scope.client_id)}, {"client_name", textOrNull(scope.client_name)},
          {"site_id", textOrNull(scope.site_id)},     {"site_name", textOrNull(scope.site_name)},
          {"agent_id", textOrNull(scope.agent_id)},   {"hostname", textOrNull(scope.hostname)}};
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
