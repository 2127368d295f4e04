#include <sys/resource.h>

#include <chrono>
#include <iostream>

#include "auth/secret_file.h"
#include "base/log.h"
#include "base/time.h"
#include "main/commands.h"
#include "main/server.h"
#include "main/stop_signal.h"

namespace redflag::server {
namespace {

constexpr int kTendMs = 10'000;

// A connection costs a descriptor; the default limit of 1024 is for programs that have few.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) spdlog::warn("the limit of open files could not be raised");
}

void announce(const DataFolder& data, const std::string& url, const std::string& setup_token) {
  std::cout << "RedFlag is at " << url << '\n';
  if (!setup_token.empty()) {
    std::cout << "Make the first administrator at " << url << "/setup#token=" << setup_token << '\n';
  }
  std::cout << std::flush;
  auth::writePublicFile(data.url(), url + '\n');  // last: who waits for it finds the rest
}

}  // namespace

void serve(const ServeOptions& options) {
  const DataFolder data = DataFolder::open(options.data);
  const FolderLock lock(data);
  std::filesystem::remove(data.url());
  Settings settings = readSettings(data.settings());
  if (!options.listen.empty()) settings.listen = options.listen;
  splitListen(settings.listen);
  raiseDescriptorLimit();
  StopSignal stop;
  Server server(data, settings, options);
  announce(data, server.url(), server.setupToken());
  spdlog::info("serving url={} version={}", server.url(), REDFLAG_VERSION);
  while (!stop.waitFor(kTendMs))
    server.tend();
  spdlog::info("stopping");
  server.stop();
}

}  // namespace redflag::server
