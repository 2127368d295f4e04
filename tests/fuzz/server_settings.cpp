// What a server sets of an agent's configuration.
#include "settings/server_settings.h"

#include "config/config.h"
#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(server_settings) {
  static const auto kConfig = kernel::checkConfigText(
      "version: 1\nplugins: {apt: {}}\npolicy: {server_may_set: [schedule, \"plugins.*.settings\"]}\n",
      "agent.yaml");
  claim(kConfig.config.has_value(), "the owner's file is one");
  const auto texts = parts(input, 2);
  static_cast<void>(settings::patternProblem(std::string(texts[0])));
  const auto json = parseJson(texts.back(), {.bytes = 64U << 10U, .depth = 12, .values = 10'000});
  if (!json) return;
  const auto settings = settings::serverSettingsOf(*json);
  if (!settings) return;
  for (const auto& setting : *settings)
    static_cast<void>(settings::serverMaySet(kConfig.config->server_may_set, setting.key));
  const auto merged = kernel::withServerSettings(*kConfig.config, *json);
  if (!merged) return;
  claim(merged->mode == kConfig.config->mode && merged->policy.allow.empty(),
        "it decides nothing but when and how much");
}

}  // namespace redflag::fuzz
