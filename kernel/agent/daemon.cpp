#include "agent/daemon.h"

#include "agent/local_client.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "broker/broker_starter.h"
#include "broker/brokered_marks.h"
#include "link/order_runner.h"
#include "local/log.h"
#include "platform/lifetime.h"
#include "platform/machine.h"
#include "schedule/kept_metrics.h"

namespace redflag::kernel {

Daemon::Daemon(DaemonSettings settings) : settings_(std::move(settings)), started_at_(epochNow()) {
  const auto& paths = settings_.paths;
  steps_.add("state folder", [&paths] { return platform::makePrivateFolder(paths.state); });
  steps_.add("run folder", [&paths] { return platform::makePrivateFolder(paths.run); });
  steps_.add(
      "lock",
      [this]() -> Result<> {
        auto lock = platform::LockFile::acquire(settings_.paths.run / "agent.lock");
        if (!lock) return tl::unexpected<Error>(lock.error());
        lock_.emplace(std::move(*lock));
        return {};
      },
      [this] { lock_.reset(); });
  steps_.add(
      "configuration",
      [this]() -> Result<> {
        auto config = ConfigStore::open(settings_.config_file, settings_.paths.state);
        if (!config) return tl::unexpected<Error>(config.error());
        config_ = std::move(*config);
        const auto now = config_->current();
        startLog(settings_.log_level.empty() ? now->log_level : settings_.log_level, now->log_to);
        if (const auto bad = config_->invalidText(); !bad.empty()) {
          spdlog::error("config: config.invalid: the configuration is bad, the last good one is in force: {}",
                        bad);
        }
        return {};
      },
      [this] { config_.reset(); });
  steps_.add(
      "spool", [this] { return openSpool(); },
      [this] {
        told_errors_.reset();
        spool_.reset();
      });
  steps_.add(
      "breakers", [this] { return openBreakers(); }, [this] { breakers_.reset(); });
  steps_.add(
      "scans",
      [this]() -> Result<> {
        runner_.emplace(hostStarter(), settings_.paths.state);
        scans_ = std::make_unique<ScanService>(ScanService::Parts{
            *config_, {settings_.paths.plugins, brokered()}, *runner_, *breakers_, *spool_});
        scans_->onStatusChange([this] {
          worked_ = true;
          const std::lock_guard lock(link_mutex_);
          if (link_) link_->statusChanged();
        });
        // Started last; orders may speak of it before.
        scheduler_ = std::make_unique<Scheduler>(*scans_, settings_.paths.state / "schedule.json",
                                                 systemClock(), platform::bootId());
        orders_.emplace(AgentOrders::Parts{*config_, *scans_, *scheduler_, [this] { return status(); },
                                           [this] { configChanged(); }});
        return {};
      },
      [this] {
        orders_.reset();
        scheduler_.reset();
        scans_.reset();
      });
  steps_.add(
      "link", [this] { return startLink(); }, [this] { stopLink(); });
  steps_.add(
      "schedule",
      [this]() -> Result<> {
        scheduler_->start(*config_->current());
        return {};
      },
      [this] {
        scans_->stop();
        scheduler_->stop();
      });
  steps_.add(
      "local socket", [this] { return answerLocally(); }, [this] { local_.reset(); });
}

std::shared_ptr<const HostStarter> Daemon::hostStarter() const {
  if (brokered()) return std::make_shared<BrokerStarter>(settings_.broker_socket);
  return std::make_shared<DirectStarter>(settings_.paths.programs / "redflag-host",
                                         settings_.paths.state / kScratchFolder);
}

Result<> Daemon::openSpool() {
  std::filesystem::path set_aside;
  auto spool =
      Spool::open(settings_.paths.state / "spool.db", config_->current()->spool_max_bytes, &set_aside);
  if (!spool) return tl::unexpected<Error>(spool.error());
  if (!set_aside.empty()) {
    spdlog::error(
        "spool: spool.damaged: the spool was damaged; what was in it is kept as {} and was not sent",
        set_aside.string());
  }
  spool_ = std::move(*spool);
  spool_->onDisplaced(metricsOf);
  told_errors_.emplace(*notedErrors(), *spool_);
  return {};
}

Result<> Daemon::openBreakers() {
  auto breakers = BreakerStore::open(settings_.paths.state / "breakers.db", systemClock(),
                                     [this](const BreakerTransition& t) { spoolTransition(t); });
  if (!breakers) return tl::unexpected<Error>(breakers.error());
  breakers_ = std::move(*breakers);
  return breakers_->recover(rulesOf(config_->current()->breaker));
}

void Daemon::spoolTransition(const BreakerTransition& transition) {
  spdlog::warn("{} {}: breaker {} -> {} {}", transition.key.plugin, transition.key.interface,
               breakerPhaseName(transition.from), breakerPhaseName(transition.state.phase),
               transition.state.text);
  const std::string id = newId();
  if (auto put = spool_->put(
          {id, "breaker", transition.key.plugin, true, Keep::kAlways, breakerItem(transition, id)});
      !put) {
    spdlog::error("spool: spool.not_kept: a breaker's change could not be kept for the server: {}",
                  put.error().text);
  }
}

Result<> Daemon::startLink() {
  const auto config = config_->current();
  LinkSettings settings;
  settings.state = settings_.paths.state;
  // The default file belongs to the installed agent; one that runs from a folder is enrolled by command.
  const bool named = config->places.contains("/server/enrolment_file");
  if (named || settings_.paths.installed) settings.enrolment_file = config->enrolment_file;
  settings.proxy = config->proxy;
  settings.mode = config->mode == Mode::kAct ? "act" : "report";
  settings.policy = [this] { return policyNow(); };
  settings.marks = marksOfThisMachine(settings_.broker_socket);
  std::unique_ptr<OrderRunner> runner;
  if (config->mode == Mode::kAct) runner = std::make_unique<ExecutorRunner>(settings_.executor_socket);
  auto link = std::make_shared<Link>(std::move(settings), *spool_, *scans_, std::move(runner), systemClock(),
                                     &*orders_);
  if (auto started = link->start(); !started) return started;
  const std::lock_guard lock(link_mutex_);
  link_ = std::move(link);
  link_made_for_ = {config->mode, config->proxy};
  return {};
}

// As the executor does it: read again for each order, so that an owner's word counts at once.
Policy Daemon::policyNow() const {
  if (auto fresh = loadConfig(settings_.config_file); fresh) return std::move(fresh->policy);
  return config_->current()->policy;
}

void Daemon::stopLink() {
  std::shared_ptr<Link> link;
  {
    const std::lock_guard lock(link_mutex_);
    link.swap(link_);
  }
  if (link) link->stop();
}

void Daemon::reload(bool always) {
  if (!always && !config_->changedOnDisk()) return;
  const bool changed = config_->reload();
  const auto config = config_->current();
  if (changed) {
    spdlog::info("the configuration was read again");
    configChanged();
    if (link_made_for_ != std::pair(config->mode, config->proxy)) {
      stopLink();
      if (auto started = startLink(); !started)
        spdlog::error("link: link.not_started: the link could not be started: {}", started.error().text);
    }
  }
  const std::lock_guard lock(link_mutex_);
  if (link_) link_->statusChanged();
}

// Everything but the link: an order that changes the configuration runs on the link's own thread.
void Daemon::configChanged() {
  const auto config = config_->current();
  setLogLevel(settings_.log_level.empty() ? config->log_level : settings_.log_level);
  scheduler_->configure(*config);
}

void Daemon::rest() {
  if (told_errors_) told_errors_->tell();
  if (worked_.exchange(false)) platform::trimMemory();
}

Result<> Daemon::answerLocally() {
  auto server = LocalServer::start(settings_.paths.run / kAgentSocket,
                                   [this](const Json& request) { return answer(request); });
  if (!server) return tl::unexpected<Error>(server.error());
  local_ = std::move(*server);
  return {};
}

Result<Json> Daemon::answer(const Json& request) {
  JsonReader in(request, "request");
  const std::string op = in.text("op", 16);
  const std::string plugin = in.optionalText("plugin", 128);
  if (auto read = in.finish(); !read) return tl::unexpected<Error>(read.error());
  if (op == "status") return status();
  if (op == "reset") {
    if (auto done = breakers_->reset(plugin); !done) return tl::unexpected<Error>(done.error());
    const std::lock_guard lock(link_mutex_);
    if (link_) link_->statusChanged();
    return Json{{"reset", plugin}};
  }
  return fail(Code::kInvalid, "request.op: expected status or reset");
}

}  // namespace redflag::kernel
