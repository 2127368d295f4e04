// `redflag-agent config check|show`: what the file says, before and while it counts.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "base/table.h"
#include "config/effective.h"
#include "config/settings.h"
#include "config/store.h"
#include "host/manifest.h"

namespace redflag::kernel {
namespace {

struct ConfigOptions {
  std::string file;
  bool json = false;
  bool effective = true;
};

// Schemas of the enabled plugins that are installed.
std::map<std::string, Json> schemasOf(const Config& config, const std::filesystem::path& folder) {
  std::map<std::string, Json> schemas;
  for (const auto& plugin : config.plugins) {
    if (const auto manifest = host::loadManifest(folder, plugin.id))
      schemas[plugin.id] = manifest->config_schema;
  }
  return schemas;
}

// Problems of plugins' settings: they would turn off that plugin only, but whoever asks wants to know.
std::vector<std::string> settingsProblems(const Config& config, const std::filesystem::path& folder) {
  std::vector<std::string> problems;
  for (const auto& [id, schema] : schemasOf(config, folder)) {
    if (const auto settings = effectiveSettings(config, *config.plugin(id), schema); !settings) {
      problems.push_back(settings.error().text);
    }
  }
  return problems;
}

void check(const ConfigOptions& options, Context& context) {
  if (!options.file.empty()) context.config = options.file;
  const auto file = context.configFile();
  if (file.empty()) return context.fail(kExitUsage, "there is no configuration file; name one");
  const LoadedConfig loaded = checkConfig(file);
  std::vector<std::string> texts;
  for (const auto& problem : loaded.problems)
    texts.push_back(problem.toText());
  if (loaded.config) texts = settingsProblems(*loaded.config, context.paths().plugins);
  if (!texts.empty()) context.exit_code = kExitUsage;
  if (options.json) {
    Json problems = Json::array();
    for (const auto& problem : loaded.problems) {
      problems.push_back({{"line", problem.place.line},
                          {"column", problem.place.column},
                          {"key", problem.key},
                          {"text", problem.text}});
    }
    if (loaded.config) {
      for (const auto& text : texts)
        problems.push_back({{"text", text}});
    }
    std::printf("%s\n",
                dumpJson({{"file", file.string()}, {"ok", texts.empty()}, {"problems", problems}}).c_str());
    return;
  }
  for (const auto& text : texts)
    std::fprintf(stderr, "%s\n", text.c_str());
  if (texts.empty()) std::printf("%s: in order\n", file.c_str());
}

void show(const ConfigOptions& options, Context& context) {
  auto config = context.readConfig();
  if (!config) return;
  if (auto both = withKeptSettings(*config, context.paths().state); both) {
    config = std::move(*both);
  } else {
    std::fprintf(stderr, "redflag-agent: without what the server has set: %s\n", both.error().text.c_str());
  }
  const auto values = effectiveValues(*config, schemasOf(*config, context.paths().plugins));
  if (options.json) {
    Json list = Json::array();
    for (const auto& value : values)
      list.push_back({{"key", value.key}, {"value", value.value}, {"source", value.source}});
    std::printf("%s\n", dumpJson({{"values", list}}).c_str());
    return;
  }
  Table table({"KEY", "VALUE", "FROM"});
  for (const auto& value : values) {
    table.add({value.key, value.value.is_string() ? value.value.get<std::string>() : dumpJson(value.value),
               value.source});
  }
  std::fputs(table.toText().c_str(), stdout);
}

}  // namespace

void addConfig(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("config", "Check and show the configuration");
  command->require_subcommand(1);
  auto options = std::make_shared<ConfigOptions>();
  auto* checking = command->add_subcommand("check", "Check a file before it counts");
  checking->add_option("file", options->file, "The file; without it, the one in use");
  addFormat(*checking, options->json);
  checking->callback([options, &context] { check(*options, context); });
  auto* showing = command->add_subcommand("show", "Show every value in force and where it came from");
  showing->add_flag("--effective", options->effective,
                    "With defaults and inherited values (the only way there is)");
  addFormat(*showing, options->json);
  showing->callback([options, &context] { show(*options, context); });
}

}  // namespace redflag::kernel
