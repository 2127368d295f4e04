#include "client.h"

#include <unistd.h>

#include <cstdlib>

namespace redflag::dnf5 {
namespace {

constexpr std::uint64_t kMaxOutput = 64U << 20U;
constexpr int kUpgradesAvailable = 100;  // of check-upgrade
constexpr int kUnknownArgument = 2;
constexpr std::size_t kMaxSaid = 400;
constexpr std::size_t kMaxWords = 2000;

std::vector<std::string> commandLine(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{kProgram, "--cacheonly", "--quiet", kSkipUnavailable,
                                // Of who is not root it would be a copy below the home.
                                "--setopt=cachedir=/var/cache/libdnf5"};
  // Outside of a run's own folder only root has a place for dnf5's log, and for the lock that newer ones take
  // to read.
  const char* scratch = std::getenv("TMPDIR");
  if (scratch != nullptr || geteuid() != 0)
    for (const auto* option : {"logdir", "persistdir"})
      argv.push_back(std::string("--setopt=") + option + "=" + (scratch == nullptr ? "/tmp" : scratch));
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

}  // namespace

const char* const kProgram = "/usr/bin/dnf5";
const char* const kSkipUnavailable = "--setopt=*.skip_if_unavailable=1";
const char* const kWithoutExcludes = "--setopt=disable_excludes=*";

// dnf5's own settings may let it leave things out, clean up, or answer itself; an order does none of that.
std::vector<std::string> solverOptions() {
  return {kSkipUnavailable,
          "--setopt=assumeyes=False",
          "--setopt=defaultyes=False",
          "--setopt=best=True",
          "--setopt=skip_broken=False",
          "--setopt=skip_unavailable=False",
          "--setopt=clean_requirements_on_remove=False"};
}

Result<std::string> Client::text(const std::vector<std::string>& arguments) const {
  auto ran = exec_.run(commandLine(arguments), {0, kMaxOutput});
  if (!ran) return fail(static_cast<rf_status>(ran.status()), "dnf5.not_run", ran.text());
  if (ran->exit_code == 0 || ran->exit_code == kUpgradesAvailable) return std::move(ran->out);
  const auto said = ran->err.substr(0, kMaxSaid);
  if (ran->exit_code == kUnknownArgument)
    return fail(RF_UNSUPPORTED, "dnf5.too_old",
                "this dnf5 has no machine form of what is asked of it: " + said);
  return fail(RF_TRANSIENT, "dnf5.failed", "dnf5 ended with " + std::to_string(ran->exit_code) + ": " + said);
}

Result<Json> Client::json(const std::vector<std::string>& arguments) const {
  const auto printed = text(arguments);
  if (!printed) return tl::unexpected<Problem>(printed.error());
  if (printed->find_first_not_of(" \t\r\n") == std::string::npos) return Json();
  auto parsed = parseJson(*printed, {.bytes = kMaxOutput, .depth = 12, .values = 2'000'000});
  if (!parsed)
    return fail(RF_INTERNAL, "dnf5.malformed", "dnf5's answer is not understood: " + parsed.error().text);
  return std::move(*parsed);
}

Result<Answer> Client::solve(const std::vector<std::string>& arguments) const {
  auto options = solverOptions();
  options.insert(options.end(), arguments.begin(), arguments.end());
  auto ran = exec_.run(commandLine(options), {0, kMaxOutput});
  if (!ran) return fail(static_cast<rf_status>(ran.status()), "dnf5.not_run", ran.text());
  return Answer{ran->exit_code, std::move(ran->out), ran->err.substr(0, kMaxWords)};
}

}  // namespace redflag::dnf5
