// Fills a store with a fleet for the lists: redflag-bench-fleet FILE|postgresql://… AGENTS UPDATES
//   AGENTS with an update list of UPDATES rows each, taken from twice as many packages; two scans; every
//   hundredth has an open breaker. What one of them uploads is what an agent would, which can install apt's.
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include "base/encoding.h"
#include "fleet/backend.h"

namespace redflag::bench {
namespace {

constexpr int kThreads = 4;

Json breakerItem() {
  return {{"kind", "breaker"},
          {"id", newId()},
          {"at", toRfc3339(epochNow())},
          {"plugin", "docker"},
          {"plugin_version", "1.0"},
          {"interface", "rf.scanner/1"},
          {"from", "closed"},
          {"to", "open"},
          {"class", "failure"},
          {"code", "plugin.no_answer"},
          {"text", "no answer"}};
}

// That it can install what apt offers.
Json statusItem(const std::string& hostname) {
  return {{"kind", "agent_status"},
          {"id", newId()},
          {"at", toRfc3339(epochNow())},
          {"hostname", hostname},
          {"agent_version", "1.0"},
          {"mode", "act"},
          {"isolation", "full"},
          {"boot_id", "boot"},
          {"os_name", "Debian GNU/Linux"},
          {"os_version", "12"},
          {"kernel", "6.1.0-27-amd64"},
          {"plugins",
           {{{"id", "apt"},
             {"version", "1.0"},
             {"name", "APT"},
             {"interfaces", {"rf.scanner/1", "rf.updater/1"}},
             {"state", "ok"},
             {"breaker", "closed"}}}},
          {"config", {{"state", "ok"}, {"text", ""}}}};
}

void addAgent(Backend& backend, int number, int updates) {
  char hostname[32];
  std::snprintf(hostname, sizeof hostname, "host-%05d", number * 7919 % 100'000);
  const auto agent = backend.enrol(hostname);
  Json records = Json::array();
  for (int i = 0; i < updates; ++i)
    records.push_back(updateRow((number * 31 + i) % (2 * updates)));
  std::vector<Json> items = {statusItem(hostname),
                             scanItem("system", "inventory", "", Json::array(), epochNow()),
                             scanItem("apt", "updates", "deb.example.org/debian bookworm-security/main",
                                      std::move(records), epochNow())};
  if (number % 100 == 0) items.push_back(breakerItem());
  backend.upload(agent, uploadOf(items));
}

}  // namespace
}  // namespace redflag::bench

int main(int argc, char** argv) {
  using namespace redflag;
  if (argc != 4 || !initCrypto()) return 2;
  const std::string where = argv[1];
  const bool url = where.starts_with("postgresql://");
  bench::Backend backend({url ? "" : where, url ? where : ""});
  const int agents = std::atoi(argv[2]);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < bench::kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = thread; i < agents; i += bench::kThreads)
        bench::addAgent(backend, i, std::atoi(argv[3]));
    });
  }
  for (auto& thread : threads)
    thread.join();
  return 0;
}
