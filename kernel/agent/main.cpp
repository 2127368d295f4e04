// redflag-agent: the unprivileged agent and everything an admin asks it.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "agent/command_line.h"
#include "host/memory.h"
#include "platform/process.h"

namespace redflag::kernel {
namespace {

char** arguments = nullptr;
constexpr std::size_t kHeapBytes = std::size_t{512} << 10;  // of a scan by command, with its JSON

// redflag-kernel reads the whole command line again, its own options included.
void addServedByKernel(CLI::App& app, Context& context, const char* name, const char* description) {
  auto* command = app.add_subcommand(name, description)->allow_extras()->fallthrough(false);
  command->set_help_flag();
  command->callback([&context] {
    const auto program = platform::defaultPaths().programs / "redflag-kernel";
    context.fail(kExitFailed, platform::becomeProgram(program, arguments).text);
  });
}

void addKernelsRun(CLI::App& app, Context& context) {
  addServedByKernel(app, context, "run", "Run the agent until it is stopped");
}

void addKernelsEnroll(CLI::App& app, Context& context) {
  addServedByKernel(app, context, "enroll", "Make this machine an agent of the server that the bundle names");
}

void addKernelsTuf(CLI::App& app, Context& context) {
  addServedByKernel(app, context, "tuf", "Fetch from a repository of The Update Framework");
}

}  // namespace

void addVersion(CLI::App& app, Context&) {
  app.add_subcommand("version", "Print the version")->callback([] {
    std::puts("redflag-agent " REDFLAG_VERSION);
  });
}

}  // namespace redflag::kernel

int main(int argc, char** argv) {
  using namespace redflag::kernel;
  arguments = argv;
  redflag::host::takeHeapAtOnce(kHeapBytes);
  return runCommandLine(argc, argv,
                        {addKernelsRun, addKernelsEnroll, addKernelsTuf, addScan, addStatus, addConfig,
                         addPlugins, addPolicy, addPrepareImage, addForgetServer, addSelftest, addVersion});
}
