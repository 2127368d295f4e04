#include "agent/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/encoding.h"
#include "base/narrow_help.h"

namespace redflag::kernel {
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

}  // namespace

void addFormat(CLI::App& command, bool& json) {
  command
      .add_option_function<std::string>(
          "--format", [&json](const std::string& format) { json = format == "json"; }, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

int runCommandLine(int argc, char** argv, std::initializer_list<AddCommand> commands) {
  if (auto ready = initCrypto(); !ready) {
    std::fprintf(stderr, "redflag-agent: %s\n", ready.error().text.c_str());
    return kExitFailed;
  }
  Context context;
  CLI::App app("RedFlag's agent: finds out which updates exist and reports them", "redflag-agent");
  NarrowHelp::use(app);
  addGlobalOptions(app, context);
  for (const auto add : commands)
    add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitDone : kExitUsage;
  }
  return std::fflush(stdout) == 0 ? context.exit_code : kExitFailed;
}

}  // namespace redflag::kernel
