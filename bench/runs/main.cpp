// redflag-bench-runs PLUGINS ROWS COUNT [BROKER-SOCKET]: how long runs of the plugin `rows` take, from the
// spawn to the reaped process, a line of milliseconds each.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "broker/broker_starter.h"
#include "config/config.h"
#include "supervisor/plugin_catalog.h"
#include "supervisor/supervisor.h"

using namespace redflag;
using namespace redflag::kernel;

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto manifest = host::loadManifest(argv[1], "rows");
  if (!manifest) {
    std::fprintf(stderr, "%s\n", manifest.error().text.c_str());
    return 1;
  }
  RunRequest request;
  request.manifest = *manifest;
  request.interface_id = kScannerInterface;
  request.operation = "scan";
  request.settings = {{"rows", argv[2]}};
  request.limits = defaultConfig().limits;
  const auto programs = std::filesystem::path(argv[1]).parent_path() / "bin";
  std::shared_ptr<const HostStarter> starter = std::make_shared<DirectStarter>(programs / "redflag-host");
  if (argc > 4) starter = std::make_shared<BrokerStarter>(argv[4]);
  const Supervisor supervisor(starter);
  const auto rows = std::strtoull(argv[2], nullptr, 10);
  for (int i = std::atoi(argv[3]); i > 0; --i) {
    const auto outcome = supervisor.run(request);
    if (outcome.status != "ok" || outcome.records.size() != rows) {
      std::fprintf(stderr, "%s: %s\n", outcome.status.c_str(), outcome.end().text.c_str());
      return 1;
    }
    std::printf("%.3f\n", static_cast<double>(outcome.duration_ns) / 1e6);
  }
  return 0;
}
