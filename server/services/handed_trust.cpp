#include "services/handed_trust.h"

#include "base/log.h"
#include "store/events.h"
#include "trust/set_back.h"

namespace redflag::services {

bool takeHandedTrust(const Context& context, const store::AgentKey& agent, const Json& files) {
  if (context.data.empty()) return false;
  const std::int64_t now = context.now();
  const auto heard = trust::hearOfTrust(context.data, files, agent.agent_id, now);
  if (!heard.newer) return false;
  if (const auto why = shareHandedTrust(context); !why.empty()) spdlog::error("trust: {}", why);
  if (heard.news.empty()) return true;
  spdlog::error("trust: {}", heard.news);
  context.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = "trust";
    entry.actor = "agent";
    entry.kind = "trust.set_back";
    entry.code = "trust.set_back";
    entry.text = heard.news;
    entry.severity = "error";
    tx.events().record(agent.client_id, agent.agent_id, entry);
  });
  return true;
}

std::string shareHandedTrust(const Context& context) {
  if (context.data.empty()) return "";
  const auto others =
      context.store.read([](const store::ReadTransaction& tx) { return tx.agents().handedTrust(); });
  try {
    const std::string news = trust::shareSetBack(context.data, others);
    if (!news.empty())
      context.store.write([&](store::WriteTransaction& tx) { tx.agents().setHandedTrust(news); });
    return "";
  } catch (const std::exception& error) {
    return std::string("what agents handed back of the trust repository cannot be shared: ") + error.what();
  }
}

}  // namespace redflag::services
