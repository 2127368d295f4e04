#include "swarm/run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <thread>

#include "base/encoding.h"
#include "base/time.h"
#include "swarm/command_keys.h"
#include "swarm/fleet.h"
#include "swarm/judge.h"
#include "swarm/stillness.h"

namespace redflag::swarm {
namespace {

constexpr auto kTick = std::chrono::milliseconds(20);
constexpr std::int64_t kTellNs = 5 * kSecondNs;
constexpr const char* kOpenCommands =
    "/api/v1/commands?limit=1&state=scheduled,queued,delivered,accepted,running";

double seconds(std::int64_t ns) {
  return std::round(static_cast<double>(ns) / 1e8) / 10;
}

// What happened to the server.
struct ServerStory {
  std::int64_t kills = 0;
  std::int64_t longest_absence_ns = 0;
  std::int64_t largest_rss_kib = 0;
};

class Run {
 public:
  Run(const RunOptions& options, const protocol::Bundle& bundle, const protocol::CommandList& commands,
      const Target& target, ServerProcess* server, const std::optional<Credentials>& person)
      : options_(options),
        server_(server),
        credentials_(person),
        target_(target),
        random_(mix(options.fleet.seed, 0x5e7)),
        fleet_(options.fleet, bundle, commands, target, ledger_, progress_, options.threads) {}

  Result<RunReport> run() {
    begin_ = monotonicNow();
    ledger_.waitFrom(begin_ + options_.fleet.ramp_ns);
    fleet_.start();
    std::optional<Operator> people;
    if (credentials_ && options_.orders.every_ns > 0) {
      people.emplace(target_, *credentials_, options_.orders, mix(options_.fleet.seed, 0x0e), ledger_);
      people->start();
    }
    std::optional<Person> person;
    if (credentials_) person.emplace(target_, *credentials_);
    Moments moments(options_.moments, options_.fleet, progress_, ledger_, server_,
                    person ? &*person : nullptr);
    if (auto ok = live(moments); !ok) return tl::unexpected<Error>(ok.error());
    if (people) people->stop();
    if (people && !people->error().empty()) return fail(Code::kInternal, people->error());
    calm_ns_ = monotonicNow();
    progress_.calm = true;
    const bool settled = settle();
    settled_ns_ = monotonicNow();  // judging is the swarm's own time
    fleet_.stop();
    if (!fleet_.error().empty()) return fail(Code::kInternal, fleet_.error());
    return conclude(people ? people->commandIds() : moments.commandIds(), moments, settled);
  }

 private:
  // For as long as was asked for, and until all moments are over, for which as much patience is left as for
  // settling.
  Result<> live(Moments& moments) {
    const bool kills = server_ != nullptr && options_.fleet.faults.kill_server;
    const auto mean = static_cast<double>(options_.kill_every_ns);
    std::int64_t next_kill =
        begin_ + std::min(static_cast<std::int64_t>(random_.waiting(mean)), options_.duration_ns / 2);
    const std::int64_t end = begin_ + options_.duration_ns;
    Stillness stillness(options_.settle_ns, end);
    while (monotonicNow() < end || (options_.moments.any() && !moments.over())) {
      if (options_.cut_short != nullptr && *options_.cut_short) return {};
      if (const auto error = fleet_.error(); !error.empty()) return fail(Code::kInternal, error);
      if (server_ != nullptr) {
        if (auto ok = server_->check(); !ok) return ok;
      }
      if (moments.isAtRest()) stillness.wake(monotonicNow());
      if (stillness.isTooLong(delivered(progress_.doorbells), monotonicNow()))
        return fail(Code::kUnavailable, "the fleet was not there in time: " + missing());
      if (options_.moments.any()) {
        if (auto ok = moments.step(); !ok) return ok;
      }
      if (kills && monotonicNow() >= next_kill) {
        if (auto ok = killServer(); !ok) return ok;
        next_kill = monotonicNow() + static_cast<std::int64_t>(random_.waiting(mean));
      }
      tick();
    }
    return {};
  }

  std::string missing() const {
    return std::to_string(progress_.enrolled) + " of " + std::to_string(options_.fleet.agents) +
           " agents are enrolled, " + std::to_string(progress_.doorbells) + " doorbells open, " +
           std::to_string(progress_.spooled) + " items and " + std::to_string(progress_.fetches) +
           " fetches wait";
  }

  Result<> killServer() {
    const std::int64_t gone = monotonicNow();
    server_->kill();
    ++story_.kills;
    auto ok = server_->start();
    story_.longest_absence_ns = std::max(story_.longest_absence_ns, monotonicNow() - gone);
    return ok;
  }

  void tick() {
    std::this_thread::sleep_for(kTick);
    if (server_ != nullptr) story_.largest_rss_kib = std::max(story_.largest_rss_kib, server_->rssKib());
    most_doorbells_ = std::max(most_doorbells_, progress_.doorbells.load());
    if (monotonicNow() < told_ns_ + kTellNs) return;
    told_ns_ = monotonicNow();
    std::fprintf(
        stderr,
        "%6.1f s  enrolled %lld  doorbells %lld  acknowledged %lld  waiting %lld  orders %lld  deaths %lld"
        "  kills %lld\n",
        seconds(told_ns_ - begin_), count(progress_.enrolled), count(progress_.doorbells),
        count(progress_.acknowledged), count(progress_.spooled), count(progress_.open_orders),
        count(progress_.deaths), static_cast<long long>(story_.kills));
  }

  static long long count(const std::atomic<std::int64_t>& value) { return value; }

  bool quiet() const {
    return progress_.enrolled == options_.fleet.agents && progress_.spooled == 0 &&
           progress_.open_orders == 0 && progress_.fetches == 0;
  }

  // What only grows, and something else that changes.
  Stillness::State delivered(std::int64_t other) const {
    return {progress_.enrolled, progress_.acknowledged, progress_.rejected,
            progress_.executed, progress_.refused,      other};
  }

  // Until everything is delivered, on both sides.
  bool settle() {
    std::optional<Person> person;
    if (credentials_) person.emplace(target_, *credentials_);
    std::int64_t open_orders = -1;
    for (Stillness stillness(options_.settle_ns, calm_ns_);
         !stillness.isTooLong(delivered(open_orders), monotonicNow());) {
      tick();
      if (!quiet()) continue;
      if (!person || !options_.ordersAnything()) return true;
      if (monotonicNow() < person->againNs()) continue;
      const auto open = person->get(kOpenCommands);
      if (open) open_orders = open->value("total", std::int64_t{1});
      if (open && open_orders == 0 && quiet()) return true;
      std::this_thread::sleep_for(2 * kTick);
    }
    return false;
  }

  Result<RunReport> conclude(const std::set<std::string>& ordered, const Moments& moments, bool settled) {
    RunReport out;
    out.settled = settled;
    std::optional<Verdict> verdict;
    if (credentials_) {
      Person person(target_, *credentials_);
      // Approvals make the server order more by itself.
      const bool only_ours = !ordered.empty() && options_.orders.command != "install_updates";
      auto judged = judge(person, ledger_, ordered, only_ours ? options_.orders.command : "");
      if (!judged) return tl::unexpected<Error>(judged.error());
      verdict = std::move(*judged);
    }
    out.sound = !verdict || (verdict->lost() == 0 && verdict->duplicate() == 0);
    out.json = describe(verdict, moments.report(), settled);
    return out;
  }

  Report describe(const std::optional<Verdict>& verdict, const Report& moments, bool settled) const {
    // What was delivered while the run settled counts among the operations, and so does that time.
    const double measured = static_cast<double>(settled_ns_ - begin_) / 1e9;
    Report json = {
        {"seed", options_.fleet.seed},
        {"agents",
         {{"asked", options_.fleet.agents},
          {"enrolled", progress_.enrolled.load()},
          {"most_doorbells", most_doorbells_},
          {"deaths", progress_.deaths.load()},
          {"clones", progress_.clones.load()}}},
        {"seconds", {{"run", seconds(calm_ns_ - begin_)}, {"settled", seconds(settled_ns_ - calm_ns_)}}}};
    if (server_ != nullptr) {
      json["server"] = {{"kills", story_.kills},
                        {"longest_absence_s", seconds(story_.longest_absence_ns)},
                        {"largest_rss_kib", story_.largest_rss_kib}};
    }
    if (!moments.empty()) json["moments"] = moments;
    json.update(fleet_.statistics().report(measured));
    json["items"] = {{"acknowledged", progress_.acknowledged.load()},
                     {"rejected", progress_.rejected.load()},
                     {"waiting", progress_.spooled.load()},
                     {"orders_refused", progress_.refused.load()}};
    json.update(reportOf(verdict, settled));
    return json;
  }

  const RunOptions& options_;
  ServerProcess* server_;
  const std::optional<Credentials> credentials_;
  const Target& target_;
  Random random_;
  Ledger ledger_;
  Progress progress_;
  Fleet fleet_;
  ServerStory story_;
  std::int64_t begin_ = 0;
  std::int64_t calm_ns_ = 0;
  std::int64_t settled_ns_ = 0;
  std::int64_t told_ns_ = 0;
  std::int64_t most_doorbells_ = 0;
};

Result<RunReport> runWith(const RunOptions& options, const std::string& bundle_text, ServerProcess* server,
                          const std::optional<Credentials>& person) {
  const auto bundle = protocol::decodeBundle(bundle_text);
  if (!bundle) return tl::unexpected<Error>(bundle.error());
  const auto origin = parseOrigin(bundle->urls.front());
  if (!origin) return tl::unexpected<Error>(origin.error());
  const auto trust = Trust::make(bundle->authorities, *origin);
  if (!trust) return tl::unexpected<Error>(trust.error());
  const auto target = Target::resolve(*origin, *trust);
  if (!target) return tl::unexpected<Error>(target.error());
  const auto commands = fetchCommandKeys(bundle->root, *target);
  if (!commands) return failAt("the server's command keys", commands.error());
  return Run(options, *bundle, *commands, *target, server, person).run();
}

}  // namespace

Result<RunReport> runSwarm(const RunOptions& options) {
  if (!options.server) return runWith(options, options.bundle, nullptr, options.person);
  ServerProcess server(*options.server);
  if (auto ok = server.init(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = server.start(); !ok) return tl::unexpected<Error>(ok.error());
  const Credentials person{"swarm-" + newId(), toBase64Url(randomBytes(24))};
  if (auto ok = server.makeUser(person); !ok) return tl::unexpected<Error>(ok.error());
  const auto bundle = server.bundle(options.fleet.agents);
  if (!bundle) return tl::unexpected<Error>(bundle.error());
  auto report = runWith(options, *bundle, &server, person);
  if (!report) return report;
  if (auto ok = server.stop(); !ok) return tl::unexpected<Error>(ok.error());
  return report;
}

}  // namespace redflag::swarm
