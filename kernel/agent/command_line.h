#pragma once
// The command line of redflag-agent. It is served by two programs, because loading what the link needs (TLS,
// HTTP) takes longer than a whole scan: redflag-agent itself, which people and scripts call, and
// redflag-kernel, which it becomes for what talks to the server.

#include <initializer_list>

#include "agent/commands.h"

namespace redflag::kernel {

using AddCommand = void (*)(CLI::App& app, Context& context);

// Parses, does what is asked, and answers the exit code.
int runCommandLine(int argc, char** argv, std::initializer_list<AddCommand> commands);

}  // namespace redflag::kernel
