#include "main/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/log.h"
#include "base/time.h"
#include "store/commands.h"
#include "trust/expiry.h"

namespace redflag::server {
namespace {

constexpr std::int64_t kFreshNs = 5 * kSecondNs;

double residentBytes() {
  std::ifstream in("/proc/self/statm");
  double total = 0;
  double resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double openDescriptors() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error))
    ++count;
  return count;
}

double descriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

const double kStartedAt = static_cast<double>(epochNow()) / kSecondNs;

}  // namespace

void FleetNumbers::refresh() {
  if (read_ns_ != 0 && monotonicNow() - read_ns_ < kFreshNs) return;
  services_.store().read([&](const store::ReadTransaction& tx) {
    agents_ = tx.agents().totals(http::Visible::everything(), services_.context().contact());
    commands_ = tx.commands().underWay();
  });
  read_ns_ = monotonicNow();
}

void FleetNumbers::write(metrics::Snapshot& out) {
  using Values = std::vector<std::pair<metrics::Labels, double>>;
  const std::lock_guard lock(mutex_);
  const auto number = [](std::int64_t value) { return static_cast<double>(value); };
  Values agents;
  Values commands;
  Values breakers;
  // A store that does not answer is no reason to be silent about everything else, and old numbers would be
  // wrong.
  try {
    refresh();
    agents = {{{"connected"}, number(agents_.connected)},
              {{"silent"}, number(agents_.silent)},
              {{"never"}, number(agents_.never)}};
    breakers = {{{"open"}, number(agents_.breakers_open)}};
    for (const char* state : {"awaiting_approval", "scheduled", "queued", "delivered", "accepted", "running"})
      commands.push_back({{state}, number(commands_[state])});
  } catch (const http::Problem&) {
    read_ns_ = 0;
  }
  out.gauge(
      {"redflag_agents", "", "Enrolled agents by how they are connected, to any server", {"connection"}},
      agents);
  out.gauge({"redflag_commands", "", "Commands under way, by their state", {"state"}}, commands);
  out.gauge({"redflag_breakers", "", "Circuit breakers around agents' plugins, by their state", {"state"}},
            breakers);
}

void writeExpiries(const std::filesystem::path& data, metrics::Snapshot& out) {
  std::map<std::string, std::int64_t> first;  // of several of a kind the one that ends first
  const auto all = trust::expiriesOf(data);
  for (const auto& one : all.known) {
    const auto [place, is_new] = first.try_emplace(one.what, one.at_ns);
    if (!is_new) place->second = std::min(place->second, one.at_ns);
  }
  for (const auto& why : all.unreadable)
    spdlog::warn("when it ends is not known: {}", why);
  std::vector<std::pair<metrics::Labels, double>> values;
  for (const auto& [what, at_ns] : first)
    values.push_back({{what}, static_cast<double>(at_ns - epochNow()) / kSecondNs});
  out.gauge({"redflag_expiry_seconds",
             "seconds",
             "How long until it ends: documents of the trust root, command keys, certificates, authorities",
             {"what"}},
            values);
}

void writeProcess(metrics::Snapshot& out) {
  out.info({"redflag_build", "", "The program that answers", {"version"}}, {REDFLAG_VERSION});
  out.gauge({"process_resident_memory_bytes", "bytes", "Resident memory", {}}, {{{}, residentBytes()}});
  out.gauge({"process_open_fds", "", "Open descriptors", {}}, {{{}, openDescriptors()}});
  out.gauge({"process_max_fds", "", "How many descriptors may be open", {}}, {{{}, descriptorLimit()}});
  out.gauge({"process_start_time_seconds", "seconds", "When the process started, since the epoch", {}},
            {{{}, kStartedAt}});
  out.counter({"process_cpu_seconds", "seconds", "Processor time spent", {}}, {{{}, cpuSeconds()}});
}

void writeFront(const http::Front& front, const http::StreamHub& streams, metrics::Snapshot& out) {
  const auto load = front.load();
  const auto number = [](std::size_t value) { return static_cast<double>(value); };
  out.gauge({"redflag_http_connections", "", "Open connections: parked cost no thread", {"state"}},
            {{{"parked"}, number(load.parked)}, {{"working"}, number(load.connections - load.parked)}});
  out.gauge({"redflag_http_queue", "", "Connections that wait for a worker", {}},
            {{{}, number(load.queued)}});
  out.gauge({"redflag_doorbells", "", "Agents connected to this server", {}},
            {{{}, number(streams.doorbells())}});
  out.gauge({"redflag_event_streams", "", "Browsers that follow events on this server", {}},
            {{{}, number(streams.browsers())}});
  std::vector<std::pair<metrics::Labels, double>> refusals;
  for (const auto& [code, count] : front.dispatcher().refusals().snapshot())
    refusals.push_back({{code}, static_cast<double>(count)});
  out.counter(
      {"redflag_http_refusals", "", "Requests refused and connections cut, by the problem's code", {"code"}},
      refusals);
}

std::vector<http::Route> metricsRoutes(const metrics::Registry& registry) {
  return {{"GET", "/metrics", http::Permission::kMetrics, 0, [&registry](const http::Request&) {
             http::Response response;
             response.content_type = metrics::kContentType;
             response.body = registry.text();
             return response;
           }}};
}

}  // namespace redflag::server
