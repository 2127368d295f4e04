// `redflag-agent plugins list|schema|reset`.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "agent/local_client.h"
#include "base/table.h"
#include "base/time.h"
#include "breaker/breaker_store.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {
namespace {

struct PluginsOptions {
  std::string plugin;
  bool json = false;
};

Json describe(const Config& config, const std::string& id, const std::filesystem::path& folder) {
  const PluginConfig* enabled = config.plugin(id);
  Json out = {{"id", id},
              {"enabled", enabled != nullptr},
              {"version", ""},
              {"name", ""},
              {"interfaces", Json::array()}};
  const auto manifest = host::loadManifest(folder, id);
  if (manifest) {
    out["version"] = manifest->version;
    out["name"] = manifest->name;
    out["interfaces"] = manifest->interfaces;
  }
  const auto ready =
      preparePlugin(config, enabled == nullptr ? defaultPlugin(config, id) : *enabled, {folder, false});
  out["state"] = ready ? "ok" : ready.error().status == "not_applicable" ? "not_applicable" : "refused";
  out["text"] = ready ? "" : ready.error().text;
  return out;
}

void list(const PluginsOptions& options, Context& context) {
  const auto config = context.readConfig();
  if (!config) return;
  const auto folder = context.paths().plugins;
  auto ids = host::listManifests(folder);
  if (!ids) return context.fail(kExitFailed, ids.error().text);
  for (const auto& plugin : config->plugins) {
    if (std::find(ids->begin(), ids->end(), plugin.id) == ids->end()) ids->push_back(plugin.id);
  }
  Json plugins = Json::array();
  Table table({"ID", "VERSION", "ENABLED", "STATE", "NAME"});
  std::string notes;
  for (const auto& id : *ids) {
    plugins.push_back(describe(*config, id, folder));
    const Json& plugin = plugins.back();
    table.add(
        {id, plugin["version"], plugin["enabled"] == true ? "yes" : "no", plugin["state"], plugin["name"]});
    const auto text = plugin["text"].get<std::string>();
    if (!text.empty()) notes += "  " + id + ": " + cellText(text, 400) + "\n";
  }
  std::fputs(
      options.json ? (dumpJson({{"plugins", plugins}}) + "\n").c_str() : (table.toText() + notes).c_str(),
      stdout);
}

void schema(const PluginsOptions& options, Context& context) {
  const auto manifest = host::loadManifest(context.paths().plugins, options.plugin);
  if (!manifest) return context.fail(kExitFailed, manifest.error().text);
  std::printf("%s\n", manifest->config_schema.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

// Through the running agent; where none runs, in its file.
void reset(const PluginsOptions& options, Context& context) {
  const auto paths = context.paths();
  const auto asked = askAgent(paths.run, {{"op", "reset"}, {"plugin", options.plugin}});
  if (asked) return static_cast<void>(std::printf("%s: the breaker is closed\n", options.plugin.c_str()));
  if (asked.error().code != Code::kUnavailable) return context.fail(kExitFailed, asked.error().text);
  std::error_code error;
  if (!std::filesystem::exists(paths.state / "breakers.db", error))
    return context.fail(kExitFailed, asked.error().text);
  auto store = BreakerStore::open(paths.state / "breakers.db", systemClock(), nullptr);
  auto done = store ? (*store)->reset(options.plugin) : Result<>(tl::unexpected<Error>(store.error()));
  if (!done) return context.fail(kExitFailed, done.error().text);
  std::printf("%s: the breaker is closed\n", options.plugin.c_str());
}

}  // namespace

void addPlugins(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("plugins", "List plugins, show their settings' schema, close their breakers");
  command->require_subcommand(1);
  auto options = std::make_shared<PluginsOptions>();
  auto* listing = command->add_subcommand("list", "What is installed and enabled");
  addFormat(*listing, options->json);
  listing->callback([options, &context] { list(*options, context); });
  auto* schemas = command->add_subcommand("schema", "The JSON Schema of a plugin's settings");
  schemas->add_option("plugin", options->plugin)->required();
  schemas->callback([options, &context] { schema(*options, context); });
  auto* resetting = command->add_subcommand("reset", "Close a plugin's breaker");
  resetting->add_option("plugin", options->plugin)->required();
  resetting->callback([options, &context] { reset(*options, context); });
}

}  // namespace redflag::kernel
