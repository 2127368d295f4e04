// redflag-executor: the one program of the agent that may change the machine.
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "base/encoding.h"
#include "executor/log.h"
#include "executor/not_started.h"
#include "executor/server.h"
#include "executor/trusted_place.h"
#include "executor/yaml_rules.h"
#include "platform/files.h"
#include "platform/lifetime.h"
#include "platform/machine.h"
#include "platform/paths.h"
#include "platform/run_group.h"
#include "platform/user.h"
#include "settings/units.h"

namespace redflag::kernel {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kRefused = 3;
constexpr std::int64_t kTickNs = 3600 * kSecondNs;

struct Options {
  std::filesystem::path config = "/etc/redflag/agent.yaml";
  std::filesystem::path state = "/var/lib/redflag-executor";
  std::filesystem::path plugins = platform::defaultPaths().plugins;
  std::filesystem::path socket = "/run/redflag-executor/executor.sock";
  std::string kernel_user = "redflag";
  InstallLimits limits;
};

constexpr const char* kHelp =
    "usage: redflag-executor [options]\n"
    "Carries out signed orders inside the policy of agent.yaml. Needs root and `mode: act`.\n"
    "  --config FILE       default /etc/redflag/agent.yaml\n"
    "  --state DIR         its own memory; default /var/lib/redflag-executor\n"
    "  --plugins DIR       libraries and manifests\n"
    "  --socket PATH       default /run/redflag-executor/executor.sock\n"
    "  --kernel-uid USER   name or number of the only user who is listened to; default redflag\n"
    "  --stop-after TIME   an install stops between two packages then; default 1h\n"
    "  --kill-after TIME   an install is killed and mended then; default 2h\n"
    "  --version\n";

bool takeDuration(const char* text, std::int64_t& out) {
  const auto value = settings::parseDuration(text);
  if (value) out = *value;
  return value.has_value();
}

bool takeOption(int number, const char* value, Options& out) {
  switch (number) {
    case 'c':
      out.config = value;
      return true;
    case 's':
      out.state = value;
      return true;
    case 'p':
      out.plugins = value;
      return true;
    case 'l':
      out.socket = value;
      return true;
    case 'u':
      out.kernel_user = value;
      return true;
    case 't':
      return takeDuration(value, out.limits.soft_ns);
    case 'k':
      return takeDuration(value, out.limits.hard_ns);
    default:
      return false;
  }
}

// An exit code when the program should not go on.
std::optional<int> parseArguments(int argc, char** argv, Options& out) {
  static const option kOptions[] = {{"config", required_argument, nullptr, 'c'},
                                    {"state", required_argument, nullptr, 's'},
                                    {"plugins", required_argument, nullptr, 'p'},
                                    {"socket", required_argument, nullptr, 'l'},
                                    {"kernel-uid", required_argument, nullptr, 'u'},
                                    {"stop-after", required_argument, nullptr, 't'},
                                    {"kill-after", required_argument, nullptr, 'k'},
                                    {"version", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {nullptr, 0, nullptr, 0}};
  for (int number = 0; (number = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (number == 'v' || number == 'h') {
      std::fputs(number == 'v' ? "redflag-executor " REDFLAG_VERSION "\n" : kHelp, stdout);
      return 0;
    }
    if (!takeOption(number, optarg, out)) {
      std::fputs(kHelp, stderr);
      return kUsage;
    }
  }
  if (optind == argc) return std::nullopt;
  std::fputs(kHelp, stderr);
  return kUsage;
}

int refuse(int code, const std::string& why) {
  logLine("error", why);
  return code;
}

// For the kernel as well, which then finds nobody to ask. Not where others could write beside the socket.
int refuseAndNote(const Options& options, int code, const std::string& why) {
  if (checkTrustedPlace(std::filesystem::absolute(options.socket).parent_path())) {
    if (auto noted = noteNotStarted(options.socket, why); !noted) logLine("warning", noted.error().text);
  }
  return refuse(code, why);
}

// All that others could use to have their way with us, before anything of it is read.
Result<> checkPlaces(const Options& options) {
  if (auto made = platform::makePrivateFolder(options.state / "runs"); !made) return made;
  for (const auto& place : {options.config, options.state, options.plugins, options.socket.parent_path()}) {
    if (auto ok = checkTrustedPlace(std::filesystem::absolute(place)); !ok) return ok;
  }
  if (chmod(options.state.c_str(), 0700) != 0)
    return fail(Code::kIo, options.state.string() + ": chmod failed");
  return {};
}

int serve(const Options& options, const platform::User& kernel, platform::Lifetime& lifetime) {
  YamlRules rules(options.config, options.plugins);
  const auto now = rules.read();
  if (now && !(*now)->act())
    return refuse(kRefused, "agent.yaml says `mode: report`: there is nothing to carry out");
  if (!now) logLine("error", "every order is refused until this is mended: " + now.error().text);

  const auto lock = platform::LockFile::acquire(options.state / "lock");
  if (!lock && lock.error().code == Code::kConflict) return refuse(kFailed, lock.error().text);
  if (!lock) return refuseAndNote(options, kFailed, lock.error().text);
  const auto groups = platform::RunGroups::open(options.state);
  if (!groups) logLine("info", "plans have no group of their own: " + groups.error().text);
  ListedOrderKeys keys(options.state, systemClock());
  Executor executor({options.state, platform::defaultPaths().programs / "redflag-host",
                     options.socket.parent_path() / "scratch", options.limits, platform::bootId(),
                     platform::machineFacts().kernel, groups ? &*groups : nullptr},
                    rules, keys, systemClock());
  if (auto started = executor.start(); !started) return refuseAndNote(options, kFailed, started.error().text);
  const auto server = listenForOrders(executor, options.socket, kernel.uid, kernel.group);
  if (!server) return refuseAndNote(options, kFailed, server.error().text);
  if (auto forgotten = forgetNotStarted(options.socket); !forgotten)
    logLine("warning", forgotten.error().text);
  logLine("info", "ready at " + options.socket.string());
  while (lifetime.wait(kTickNs) != platform::Wish::kStop)
    continue;  // the configuration is read for each order
  logLine("info", "stopping; an install goes on by itself");
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  if (const auto code = parseArguments(argc, argv, options)) return *code;
  platform::Lifetime lifetime;
  platform::forbidCoreDumps();
  umask(077);
  if (auto ok = initCrypto(); !ok) return refuse(kFailed, ok.error().text);
  const auto kernel = platform::findUser(options.kernel_user);
  if (!kernel) return refuse(kUsage, "--kernel-uid: there is no user " + options.kernel_user);
  if (auto ok = checkPlaces(options); !ok) return refuseAndNote(options, kRefused, ok.error().text);
  return serve(options, *kernel, lifetime);
}

}  // namespace
}  // namespace redflag::kernel

int main(int argc, char** argv) {
  return redflag::kernel::run(argc, argv);
}
