#include <set>

#include "base/encoding.h"
#include "protocol/command_list.h"
#include "protocol/limits.h"
#include "services/item_reading.h"
#include "services/told_item.h"
#include "services/uploads.h"
#include "store/events.h"
#include "store/profiles.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxPlugins = 200;
constexpr std::size_t kMaxAuthorities = 8;
constexpr std::size_t kMaxStatusText = 8'192;

// A state, or an object with one: older agents say only the former.
std::string readBreaker(JsonReader& in) {
  const Json* breaker = in.find("breaker");
  if (breaker == nullptr) return "";
  if (!breaker->is_object()) return readChoice(in, "breaker", {"closed", "open", "half_open"});
  JsonReader inner(*breaker, "agent_status.plugins.breaker");
  std::string state = readChoice(inner, "state", {"closed", "open", "half_open"});
  if (auto ok = inner.finishIgnoringUnknown(); !ok) throw http::Problem{400, "item.invalid", ok.error().text};
  return state;
}

store::AgentPlugin readPlugin(const Json& json, std::string& breaker) {
  JsonReader in(json, "agent_status.plugins");
  store::AgentPlugin plugin;
  plugin.id = readClean(in, "id", 128);
  plugin.version = in.optionalText("version", 64);
  plugin.name = in.optionalText("name", 200);
  for (const Json& id : in.optionalArray("interfaces", 32)) {
    if (!id.is_string() || id.get_ref<const std::string&>().size() > 128) {
      in.refuse("interfaces", "a list of interface ids");
      break;
    }
    plugin.interfaces.push_back(id.get<std::string>());
  }
  plugin.state = readChoice(in, "state", {"ok", "refused", "not_applicable"});
  plugin.text = in.optionalText("text", kMaxStatusText);
  breaker = readBreaker(in);
  finishItem(in);
  return plugin;
}

// Older agents do not say it.
std::vector<std::string> readAuthorities(JsonReader& in) {
  std::vector<std::string> out;
  for (const Json& mark : in.optionalArray("authorities", kMaxAuthorities)) {
    const bool hex = mark.is_string() && fromHex(mark.get_ref<const std::string&>()).has_value();
    if (!hex || mark.get_ref<const std::string&>().size() != protocol::kAuthorityMarkDigits) {
      in.refuse("authorities", "16 hexadecimal digits of each");
      break;
    }
    out.push_back(mark.get<std::string>());
  }
  return out;
}

// What the agent says of its breakers wins over transitions it never told (a new plugin version starts
// closed), but not over one that came while it was looking. A time to come is of a clock that was wrong.
void alignBreakers(store::WriteTransaction& tx, const store::AgentKey& agent,
                   const std::vector<std::pair<store::AgentPlugin, std::string>>& plugins, std::int64_t at,
                   std::int64_t now) {
  for (auto& breaker : tx.agents().breakers(agent)) {
    if (breaker.since >= at && breaker.since <= now + protocol::kClockToleranceS * kSecondNs) continue;
    for (const auto& [plugin, state] : plugins) {
      if (plugin.id != breaker.plugin || state != "closed" || breaker.state == "closed") continue;
      breaker.state = state;
      breaker.since = at;
      breaker.open_until = 0;
      tx.agents().setBreaker(agent, breaker);
    }
  }
}

}  // namespace

void Uploads::takeStatus(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const {
  JsonReader in(item, "agent_status");
  in.text("kind", 16);
  in.text("id", 26);
  const std::int64_t at = readTime(in, "at");
  store::AgentStatus status;
  status.hostname = readClean(in, "hostname", 255);
  status.agent_version = readClean(in, "agent_version", 64);
  status.mode = readChoice(in, "mode", {"report", "act"});
  status.isolation = readChoice(in, "isolation", {"weak", "full"});
  status.boot_id = readClean(in, "boot_id", 64);
  status.os_name = readClean(in, "os_name", 200);
  status.os_version = readClean(in, "os_version", 200);
  status.kernel = readClean(in, "kernel", 200);
  std::vector<std::pair<store::AgentPlugin, std::string>> plugins;
  std::set<std::string> ids;
  bool twice = false;
  for (const Json& plugin : in.array("plugins", kMaxPlugins)) {
    std::string breaker;
    auto read = readPlugin(plugin, breaker);
    twice = !ids.insert(read.id).second || twice;
    status.plugins.push_back(read);
    plugins.emplace_back(std::move(read), std::move(breaker));
  }
  JsonReader config(in.object("config"), "agent_status.config");
  status.config_state = readChoice(config, "state", {"ok", "invalid"});
  status.config_text = config.optionalText("text", kMaxStatusText);
  finishItem(config);
  if (twice) in.refuse("plugins", "each plugin once");
  status.authorities = readAuthorities(in);
  status.binding = in.optionalText("binding", 16);
  if (!status.binding.empty() && status.binding != "weak" && status.binding != "machine")
    in.refuse("binding", "weak or machine");
  const std::string settings = readToldSettings(in);
  finishItem(in);

  const std::int64_t now = context_.now();
  const std::string config_before = tx.agents().lastStatus(agent).config_state;
  tx.agents().setStatus(agent, status);
  if (!settings.empty()) tx.profiles().setReport(agent, settings, now);
  alignBreakers(tx, agent, plugins, at, now);
  if (config_before != status.config_state) {
    store::HistoryEntry entry;
    entry.at = now;
    entry.subsystem = "agent";
    entry.actor = "agent";
    entry.kind = "config." + status.config_state;
    entry.code = status.config_state == "ok" ? "" : "config.invalid";
    entry.text = status.config_state == "ok" ? "the configuration is in order" : status.config_text;
    entry.severity = status.config_state == "ok" ? "info" : "error";
    tx.events().record(agent.client_id, agent.agent_id, entry);
  }
  tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
}

}  // namespace redflag::services
