#include "services/other_servers.h"

#include <set>
#include <string>

#include "base/json.h"
#include "store/command_life.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::size_t kEventsAtOnce = 500;

}  // namespace

OtherServers::OtherServers(const store::Store& store, const Bell& bell)
    : store_(store), bell_(bell), seen_(store.settledEvents()) {}

void OtherServers::look() {
  const std::int64_t up_to = store_.settledEvents();
  for (bool more = true; more;) {
    const auto events = store_.read([&](const store::ReadTransaction& tx) {
      return tx.events().after(seen_, kEventsAtOnce, http::Visible::everything(), up_to);
    });
    std::set<std::string> agents;
    for (const auto& event : events) {
      if (event.type != "command") continue;
      const auto data = parseJson(event.data);
      if (data && data->value("state", "") == store::name(store::CommandState::kQueued))
        agents.insert(data->value("agent_id", ""));
    }
    for (const auto& agent_id : agents)
      bell_.ring(agent_id);
    if (!events.empty()) seen_ = events.back().seq;
    more = events.size() == kEventsAtOnce;
  }
}

}  // namespace redflag::services
