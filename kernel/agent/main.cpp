// redflag-agent: the unprivileged agent and everything an admin asks it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

#include "agent/commands.h"
#include "base/encoding.h"

namespace redflag::kernel {

void addFormat(CLI::App& command, bool& json) {
  command
      .add_option_function<std::string>(
          "--format", [&json](const std::string& format) { json = format == "json"; }, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void addVersion(CLI::App& app, Context&) {
  app.add_subcommand("version", "Print the version")->callback([] {
    std::puts("redflag-agent " REDFLAG_VERSION);
  });
}

namespace {

void addGlobalOptions(CLI::App& app, Context& context) {
  app.add_option("--config", context.config, "agent.yaml; installed: /etc/redflag/agent.yaml, else none");
  app.add_option("--state", context.state, "Folder for what must survive a restart");
  app.add_option("--plugins", context.plugins, "Folder of plugin libraries and manifests");
  app.add_option("--log-level", context.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.require_subcommand(1);
  app.fallthrough();  // they may also stand behind the command
}

int run(int argc, char** argv) {
  if (auto ready = initCrypto(); !ready) {
    std::fprintf(stderr, "redflag-agent: %s\n", ready.error().text.c_str());
    return kExitFailed;
  }
  Context context;
  CLI::App app("RedFlag's agent: finds out which updates exist and reports them", "redflag-agent");
  addGlobalOptions(app, context);
  for (const auto add : {addRun, addEnroll, addScan, addStatus, addConfig, addPlugins, addPolicy, addVersion})
    add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return std::fflush(stdout) == 0 ? context.exit_code : kExitFailed;
}

}  // namespace
}  // namespace redflag::kernel

int main(int argc, char** argv) {
  return redflag::kernel::run(argc, argv);
}
