// `redflag-agent scan [PLUGIN…]`: scans now, by itself; needs no server, no running agent and no root.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <future>
#include <memory>

#include "agent/commands.h"
#include "agent/scan_text.h"
#include "base/time.h"
#include "local/log.h"
#include "platform/files.h"
#include "platform/machine.h"
#include "platform/orphans.h"
#include "schedule/run_gate.h"
#include "supervisor/plugin_runner.h"
#include "supervisor/scan_report.h"

namespace redflag::kernel {
namespace {

struct ScanOptions {
  std::vector<std::string> plugins;
  std::string purpose = "updates";
  bool json = false;
};

// Named ones; else what the configuration enables; else, without a configuration, everything that is
// installed.
std::optional<std::vector<PluginConfig>> pluginsOf(const ScanOptions& options, const Config& config,
                                                   const platform::Paths& paths, Context& context) {
  std::vector<PluginConfig> out;
  const auto installed = host::listManifests(paths.plugins).value_or(std::vector<std::string>());
  for (const auto& id : options.plugins) {
    const PluginConfig* enabled = config.plugin(id);
    if (enabled == nullptr && std::find(installed.begin(), installed.end(), id) == installed.end()) {
      std::string known;
      for (const auto& other : installed)
        known += (known.empty() ? "" : ", ") + other;
      context.fail(kExitUsage, "there is no plugin \"" + id + "\" in " + paths.plugins.string() +
                                   (known.empty() ? "" : "; there are: " + known));
      return std::nullopt;
    }
    out.push_back(enabled == nullptr ? defaultPlugin(config, id) : *enabled);
  }
  if (!options.plugins.empty()) return out;
  if (!config.file.empty()) return config.plugins;
  for (const auto& id : installed)
    out.push_back(defaultPlugin(config, id));
  return out;
}

ScanReport scanOne(const Config& config, const PluginConfig& plugin, const std::string& purpose,
                   const PluginPlace& place, const PluginRunner& runner) {
  ScanReport report;
  report.plugin = plugin.id;
  report.purpose = purpose;
  const auto ready = preparePlugin(config, plugin, place);
  if (ready) {
    report.plugin_version = ready->manifest.version;
    report.purpose = purposeFor(ready->manifest, purpose);
    report.outcome = runner.scan(*ready, report.purpose, "", nullptr);
    return report;
  }
  report.outcome.status = ready.error().status;
  report.outcome.scopes = {{"", ready.error().status}};
  report.outcome.reports = {{ready.error().status, ready.error().code, ready.error().text}};
  report.outcome.started_at = epochNow();
  return report;
}

std::filesystem::path scratchOf(const platform::Paths& paths, const std::optional<platform::User>& user) {
  return user ? std::filesystem::path(kScanScratch) : paths.state / kScratchFolder;
}

// Side by side up to max_parallel; one alone needs no thread.
std::vector<ScanReport> scanAll(const Config& config, const std::vector<PluginConfig>& plugins,
                                const std::string& purpose, const platform::Paths& paths) {
  const auto user = scanUser(paths);
  const PluginRunner runner(
      std::make_shared<DirectStarter>(paths.programs / "redflag-host", scratchOf(paths, user), user),
      paths.state);
  const PluginPlace place{paths.plugins, user.has_value()};
  if (plugins.size() == 1) return {scanOne(config, plugins[0], purpose, place, runner)};
  RunGate gate;
  std::vector<std::future<ScanReport>> running;
  running.reserve(plugins.size());
  for (const auto& plugin : plugins) {
    running.push_back(std::async([&] {
      const RunPass pass(gate, plugin.id, config.max_parallel);
      return scanOne(config, plugin, purpose, place, runner);
    }));
  }
  std::vector<ScanReport> reports;
  reports.reserve(running.size());
  for (auto& run : running)
    reports.push_back(run.get());
  return reports;
}

void print(const std::vector<ScanReport>& reports, bool json) {
  std::string out = json ? "{\"scans\":[" : "";
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (json && i > 0) out += ',';
    out += json ? scanEntry(reports[i]) : scanText(reports[i]);
  }
  if (json) out += "]}\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void scan(const ScanOptions& options, Context& context) {
  platform::adoptOrphans();
  startLog(context.log_level.empty() ? "warning" : context.log_level, "stderr");
  const auto config = context.readConfig();
  if (!config) return;
  const auto paths = context.writablePaths();
  const auto plugins = pluginsOf(options, *config, paths, context);
  if (!plugins) return;
  const auto reports = scanAll(*config, *plugins, options.purpose, paths);
  print(reports, options.json);
  for (const auto& report : reports) {
    const bool fine = report.outcome.complete || report.outcome.status == "not_applicable";
    if (!fine) context.exit_code = kExitIncomplete;
  }
}

}  // namespace

void addScan(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("scan", "Scan now and print what was found");
  auto options = std::make_shared<ScanOptions>();
  command->add_option("plugin", options->plugins, "Plugins to run; without any: all that are enabled");
  command->add_option("--purpose", options->purpose, "updates, inventory or verify")
      ->check(CLI::IsMember({"updates", "inventory", "verify"}));
  addFormat(*command, options->json);
  command->callback([options, &context] { scan(*options, context); });
}

}  // namespace redflag::kernel
