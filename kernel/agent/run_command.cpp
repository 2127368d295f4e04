// `redflag-agent run`: the agent itself, until it is told to stop.

#include <CLI/CLI.hpp>
#include <memory>

#include "agent/commands.h"
#include "agent/daemon.h"
#include "base/log.h"
#include "local/log.h"
#include "platform/lifetime.h"
#include "platform/orphans.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kLookNs = 15 * kSecondNs;  // how soon a changed configuration file is noticed
constexpr const char* kExecutorSocket = "/run/redflag-executor/executor.sock";

struct Sockets {
  std::string executor = kExecutorSocket;
  std::string broker;
};

int exitCodeOf(const Error& error) {
  return error.code == Code::kInvalid ? kExitUsage : kExitFailed;
}

void runAgent(const Sockets& sockets, Context& context) {
  platform::Lifetime lifetime;  // before any thread
  platform::forbidCoreDumps();
  platform::keepMemorySmall();
  platform::adoptOrphans();
  startLog(context.log_level.empty() ? "info" : context.log_level, "journal");
  std::error_code error;
  auto file = context.configFile();
  if (context.config.empty() && !std::filesystem::exists(file, error)) file.clear();
  Daemon daemon(
      {context.paths(), file, sockets.executor, context.brokerSocket(sockets.broker), context.log_level});
  if (auto started = daemon.start(); !started) {
    return context.fail(exitCodeOf(started.error()), started.error().text);
  }
  spdlog::info("redflag-agent {} runs", REDFLAG_VERSION);
  for (;;) {
    const auto wish = lifetime.wait(kLookNs);
    if (wish == platform::Wish::kStop) break;
    daemon.reload(wish == platform::Wish::kReload);
    daemon.rest();
  }
  spdlog::info("stopping");
  daemon.stop();
}

}  // namespace

void addRun(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("run", "Run the agent until it is stopped");
  auto sockets = std::make_shared<Sockets>();
  command->add_option("--executor-socket", sockets->executor, "Where the executor listens (mode: act)");
  command->add_option("--broker-socket", sockets->broker,
                      "Where the broker listens, which starts plugins as a user of their own");
  command->callback([sockets, &context] { runAgent(*sockets, context); });
}

}  // namespace redflag::kernel
