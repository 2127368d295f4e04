// agent.yaml: whatever stands there, it is a configuration or a list of problems with their places.
#include "config/config.h"
#include "config/yaml.h"
#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(agent_yaml) {
  const std::string text(input);
  static_cast<void>(kernel::parseYaml(text));
  const auto loaded = kernel::checkConfigText(text, "agent.yaml");
  claim(loaded.config.has_value() == loaded.problems.empty(), "it is a configuration, or says what is wrong");
  for (const auto& problem : loaded.problems)
    claim(!problem.toText().empty(), "a problem has a text");
}

}  // namespace redflag::fuzz
