#include "agent/agent_orders.h"

#include "base/time.h"
#include "local/log.h"
#include "platform/machine.h"
#include "settings/server_settings.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxLogBytes = 256U << 10;
constexpr std::size_t kLongestWord = 40;  // ids have 26 characters, keys and tokens at least 43

bool isOfAKey(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '+' || c == '=';
}

// The newest lines that fit, oldest of them first.
Json logTail(std::size_t lines) {
  const auto recent = recentLog(lines);
  std::size_t bytes = 0;
  std::size_t from = recent.size();
  while (from > 0 && bytes + recent[from - 1].size() < kMaxLogBytes)
    bytes += recent[--from].size();
  Json out = Json::array();
  for (; from < recent.size(); ++from)
    out.push_back(withoutSecrets(recent[from]));
  return out;
}

// What the configuration says, without plugins' settings, which may hold anything.
Json configSummary(const Config& config) {
  Json out = config.values;
  out.erase("plugins");
  for (const auto& plugin : config.plugins)
    out["plugins"].push_back(plugin.id);
  return out;
}

}  // namespace

std::string withoutSecrets(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && isOfAKey(text[end]))
      ++end;
    if (end == i) {
      out += text[i++];
      continue;
    }
    out += end - i > kLongestWord ? std::string("(left out)") : text.substr(i, end - i);
    i = end;
  }
  return out;
}

Json AgentOrders::diagnostics(std::size_t log_lines) const {
  const auto machine = platform::machineFacts();
  return {{"collected_at", toRfc3339(epochNow())},
          {"machine",
           {{"hostname", machine.hostname},
            {"os", machine.os_name + " " + machine.os_version},
            {"kernel", machine.kernel},
            {"platform", machine.platform}}},
          {"agent", parts_.status()},
          {"configuration", configSummary(*parts_.config.current())},
          {"log", logTail(log_lines)}};
}

Result<Json> AgentOrders::hurry(std::int64_t minutes, std::int64_t every_s) {
  Json plugins = Json::array();
  std::vector<std::string> measuring;
  for (const auto& plugin : parts_.scans.plugins()) {
    if (plugin.state != "ok" || !plugin.measures) continue;
    measuring.push_back(plugin.id);
    plugins.push_back(plugin.id);
  }
  if (measuring.empty()) return fail(Code::kInvalid, "no plugin that is enabled here measures anything");
  parts_.scheduler.hurry(measuring, every_s * kSecondNs, minutes * 60 * kSecondNs);
  return Json{{"until", toRfc3339(epochNow() + minutes * 60 * kSecondNs)}, {"plugins", std::move(plugins)}};
}

Result<Json> AgentOrders::configure(const Json& settings) {
  const auto wanted = settings::serverSettingsOf(settings);
  if (!wanted) return tl::unexpected<Error>(wanted.error());
  const auto candidate = parts_.config.withServerSettings(settings);
  if (!candidate) return tl::unexpected<Error>(candidate.error());
  if (auto ok = parts_.scans.checkSettings(*candidate); !ok) return tl::unexpected<Error>(ok.error());
  if (auto kept = parts_.config.keepServerSettings(settings); !kept)
    return tl::unexpected<Error>(kept.error());
  parts_.changed();
  const auto now = parts_.config.current();
  Json keys = Json::array();
  for (const auto& setting : *wanted) {
    const bool in_force = setting.value.is_null() ? !now->from_server.contains(setting.key.to_string())
                                                  : now->from_server.contains(setting.key.to_string());
    const std::string plugin = settings::pluginOf(setting.key);
    const bool here = plugin.empty() || now->plugin(plugin) != nullptr;
    keys.push_back({{"key", settings::dottedKey(setting.key)},
                    {"in_force", in_force},
                    {"text", in_force ? ""
                             : here   ? "agent.yaml says so itself, which counts"
                                      : "this plugin is not enabled here"}});
  }
  return Json{{"settings", std::move(keys)}};
}

}  // namespace redflag::kernel
