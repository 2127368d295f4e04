#pragma once
// The subcommands of redflag-agent. Each adds itself to the command line; when it is chosen it does its work
// and leaves its exit code in the context.

#include "agent/context.h"

namespace CLI {
class App;
}

namespace redflag::kernel {

void addConfig(CLI::App& app, Context& context);
void addEnroll(CLI::App& app, Context& context);
void addForgetServer(CLI::App& app, Context& context);
void addPlugins(CLI::App& app, Context& context);
void addPolicy(CLI::App& app, Context& context);
void addPrepareImage(CLI::App& app, Context& context);
void addRun(CLI::App& app, Context& context);
void addScan(CLI::App& app, Context& context);
void addSelftest(CLI::App& app, Context& context);
void addStatus(CLI::App& app, Context& context);
void addTuf(CLI::App& app, Context& context);
void addVersion(CLI::App& app, Context& context);

// `--format text|json` of one subcommand.
void addFormat(CLI::App& command, bool& json);

}  // namespace redflag::kernel
