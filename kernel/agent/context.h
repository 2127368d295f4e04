#pragma once
// What all subcommands share: the global options and the exit code.

#include <filesystem>
#include <optional>
#include <string>

#include "config/config.h"
#include "platform/paths.h"
#include "platform/user.h"

namespace redflag::kernel {

// Stable; part of the program's contract.
enum ExitCode { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitRefused = 3, kExitIncomplete = 4 };

struct Context {
  // As given on the command line; "" where it was not.
  std::string state;
  std::string config;
  std::string plugins;
  std::string log_level;
  int exit_code = kExitDone;

  platform::Paths paths() const;
  // The same for what a person runs by hand: the agent's own state may not be theirs to write, then state
  // lies with them.
  platform::Paths writablePaths() const;
  // The configuration file in use: the named one, or the installed one; "" in a build tree.
  std::filesystem::path configFile() const;
  // The configuration, or all defaults where there is no file. nullopt: it is bad; its problems were printed
  // on stderr and the exit code set.
  std::optional<Config> readConfig();
  // Where the broker listens; "": there is none. Installed, it belongs to the agent; elsewhere only if it is
  // `named`.
  std::filesystem::path brokerSocket(const std::string& named) const;
  // Prints "redflag-agent: <text>" on stderr and sets the exit code.
  void fail(int code, const std::string& text);
};

// Whom plugins run as when root runs them by hand with what is installed; else as who asks.
std::optional<platform::User> scanUser(const platform::Paths& paths);

}  // namespace redflag::kernel
