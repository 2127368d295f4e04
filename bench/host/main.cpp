// redflag-bench-host CONFIG STATE PLUGIN OPERATION COUNT [REQUEST-FILE]: runs of a plugin that is installed,
// as the agent starts them, sealed; a JSON line each, with milliseconds from the spawn to the reaped process
// and what came of it. OPERATION: scan, verify (a scan that answers nothing from what it kept), or an
// updater's.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "base/log.h"
#include "config/store.h"
#include "platform/paths.h"
#include "supervisor/plugin_runner.h"

using namespace redflag;
using namespace redflag::kernel;

namespace {

// Of the largest process so far; never less than this one has, with whose memory each of them begins.
double peakMegabytes() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  return static_cast<double>(used.ru_maxrss) * 1024 / 1e6;
}

RunOutcome runOnce(const PluginRunner& runner, const ReadyPlugin& plugin, const std::string& operation,
                   const Json& request) {
  if (operation == "scan") return runner.scan(plugin, "updates", "", nullptr);
  if (operation == "verify") return runner.scan(plugin, "verify", "", nullptr);
  return runner.operate(plugin, {kUpdaterInterface, operation, request}, nullptr);
}

int refuse(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  spdlog::set_level(spdlog::level::err);  // what it warns of belongs to the machine
  const auto loaded = checkConfig(argv[1]);
  if (!loaded.config) return refuse(std::string(argv[1]) + " is not a configuration");
  const auto paths = platform::defaultPaths();
  const auto& config = *loaded.config;
  const auto* named = config.plugin(argv[3]);
  const auto plugin = preparePlugin(config, named != nullptr ? *named : defaultPlugin(config, argv[3]),
                                    {paths.plugins, false});
  if (!plugin) return refuse(plugin.error().text);
  Json request = Json::object();
  if (argc > 6) {
    std::ifstream file(argv[6]);
    request = Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  const std::filesystem::path state = argv[2];
  const PluginRunner runner(std::make_shared<DirectStarter>(paths.programs.parent_path() / "bin/redflag-host",
                                                            state / kScratchFolder),
                            state);
  for (int i = std::atoi(argv[5]); i > 0; --i) {
    const auto outcome = runOnce(runner, *plugin, argv[4], request);
    if (outcome.status != "ok") return refuse(outcome.status + ": " + outcome.end().text);
    const Json line = {{"ms", static_cast<double>(outcome.duration_ns) / 1e6},
                       {"peak_mb", peakMegabytes()},
                       {"complete", outcome.complete},
                       {"scopes", outcome.scopes.size()},
                       {"records", outcome.records.size()},
                       {"result", outcome.result}};
    std::printf("%s\n", dumpJson(line).c_str());
  }
  return 0;
}
