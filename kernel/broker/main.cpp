// redflag-broker: root's, and all that it does is starting redflag-host as a user without rights, for plugins
// that root's agent.yaml names.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/log.h"
#include "base/narrow_help.h"
#include "base/time.h"
#include "broker/broker.h"
#include "local/log.h"
#include "local/service.h"
#include "platform/files.h"
#include "platform/lifetime.h"
#include "platform/orphans.h"
#include "platform/paths.h"
#include "platform/privileges.h"
#include "supervisor/host_starter.h"

namespace redflag::kernel {
namespace {

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kRefused = 3 };

constexpr std::int64_t kRestNs = 15 * kSecondNs;  // after work it makes itself small
constexpr std::size_t kMaxHosts = 64;

struct Options {
  std::string config = "/etc/redflag/agent.yaml";
  std::string state = "/var/lib/redflag-broker";
  std::string plugins = platform::defaultPaths().plugins;
  std::string socket = "/run/redflag-broker/broker.sock";
  std::string kernel_user = "redflag";
  std::string scan_user = kScanUser;
  std::string scratch = kScanScratch;
};

int refuse(ExitCode code, const std::string& why) {
  spdlog::error("{}", why);
  return code;
}

Result<> checkPlaces(const Options& options) {
  if (auto made = platform::makePrivateFolder(options.state); !made) return made;
  if (auto ours = platform::checkOnlyOursToWrite(options.config); !ours) return ours;
  return platform::checkOnlyOursToWrite(std::filesystem::path(options.socket).parent_path());
}

int serve(const Options& options, const platform::User& kernel, const platform::User& scan_user) {
  platform::Lifetime lifetime;  // before any thread
  platform::adoptOrphans();
  if (auto checked = checkPlaces(options); !checked) return refuse(kRefused, checked.error().text);
  const auto lock = platform::LockFile::acquire(options.state + "/lock");
  if (!lock) return refuse(kFailed, lock.error().text);
  const auto config = ConfigStore::open(options.config, options.state);
  if (!config) return refuse(kUsage, config.error().text);
  if (auto made = platform::makeFolderOf(options.scratch, scan_user); !made)
    return refuse(kFailed, made.error().text);
  const auto groups = platform::RunGroups::open(options.state);
  if (!groups) spdlog::info("runs have no group of their own: {}", groups.error().text);
  Broker broker({platform::defaultPaths().programs / "redflag-host", options.plugins, options.config,
                 options.scratch, scan_user},
                **config, groups ? &*groups : nullptr);
  LocalService::Parts parts;
  parts.uid = kernel.uid;
  parts.max_connections = kMaxHosts;
  parts.serve = [&broker](platform::LocalStream& stream, const std::atomic<bool>& stopping) {
    return broker.serve(stream, stopping);
  };
  parts.rejected = [](const std::string& why) { spdlog::warn("a connection is cut off: {}", why); };
  auto listener = platform::LocalListener::listen(options.socket, 0660, kernel.group);
  if (!listener) return refuse(kFailed, listener.error().text);
  // Rights are a thread's own: they go before there is another one.
  if (auto kept = platform::keepOnlyBrokersRights(Broker::asksDisks(*(*config)->current())); !kept)
    return refuse(kFailed, kept.error().text);
  const LocalService service(std::move(*listener), std::move(parts));
  spdlog::info("redflag-broker {} listens at {}", REDFLAG_VERSION, options.socket);
  while (lifetime.wait(kRestNs) != platform::Wish::kStop) {
    if (broker.workedSinceAsked()) platform::trimMemory();
  }
  spdlog::info("stopping");
  return kDone;
}

int run(const Options& options) {
  platform::forbidCoreDumps();
  platform::keepMemorySmall();
  startLog("info", "journal");
  if (!platform::mayBecomeOthers())
    return refuse(kUsage, "the broker starts processes as another user, and must be root for that");
  const auto kernel = platform::findUser(options.kernel_user);
  if (!kernel) return refuse(kUsage, "--kernel-user: there is no user " + options.kernel_user);
  const auto scan_user = platform::findUser(options.scan_user);
  if (!scan_user) return refuse(kUsage, "--scan-user: there is no user " + options.scan_user);
  if (scan_user->uid == 0 || scan_user->gid == 0)
    return refuse(kUsage, "--scan-user: expected a user without rights, not root");
  if (scan_user->uid == kernel->uid || scan_user->gid == kernel->gid) {
    return refuse(kUsage,
                  "--scan-user: expected another user and group than the kernel's, " + options.kernel_user);
  }
  return serve(options, *kernel, *scan_user);
}

}  // namespace
}  // namespace redflag::kernel

int main(int argc, char** argv) {
  using namespace redflag::kernel;
  CLI::App app("Starts the agent's scanners as a user without rights. Needs root.");
  redflag::NarrowHelp::use(app);
  Options options;
  app.add_option("--config", options.config, "agent.yaml")->capture_default_str();
  app.add_option("--state", options.state, "Its own memory")->capture_default_str();
  app.add_option("--plugins", options.plugins, "Libraries and manifests")->capture_default_str();
  app.add_option("--socket", options.socket, "Where it listens")->capture_default_str();
  app.add_option("--scratch", options.scratch, "For plugins' temporary files; the scan user's")
      ->capture_default_str();
  app.add_option("--kernel-user", options.kernel_user, "Name or number of the only user who is listened to")
      ->capture_default_str();
  app.add_option("--scan-user", options.scan_user, "Name or number of the user whom plugins run as")
      ->capture_default_str();
  app.set_version_flag("--version", "redflag-broker " REDFLAG_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  return run(options);
}
