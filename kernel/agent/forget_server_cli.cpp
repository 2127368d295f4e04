// `redflag-agent forget-server`: the one way to give up a trust root. Enrolment never does it by itself:
// whoever owns a server could ask people to run a bundle.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "agent/forgetting.h"

namespace redflag::kernel {
namespace {

constexpr const char* kWhatItMeans =
    "Nothing was removed. With --yes this machine takes no orders of its server any more, forgets what that "
    "one\n"
    "ordered and has not been told yet, and believes whatever server the next enrolment bundle names. A "
    "bundle of\n"
    "the same server needs none of this: do it only if you know why this machine is to change its server.";

struct ForgetOptions {
  std::string executor_state;
  bool yes = false;
  bool json = false;
};

void printForgotten(const Forgotten& found, bool done) {
  for (const auto& entry : found.entries)
    std::printf("%s  %s  (%s)\n", done ? "removed" : "would remove", entry.path.c_str(), entry.what.c_str());
  if (found.entries.empty()) {
    std::puts("There is nothing to forget: this machine trusts no server.");
  } else if (done) {
    std::puts("This machine believes the next bundle that it is enrolled with.");
  } else {
    std::puts(kWhatItMeans);
  }
}

Json forgottenJson(const Forgotten& found, bool done) {
  Json entries = Json::array();
  for (const auto& entry : found.entries)
    entries.push_back({{"path", entry.path.string()}, {"what", entry.what}});
  return {{"removed", done}, {"entries", entries}};
}

void runForgetServer(const ForgetOptions& options, Context& context) {
  const auto paths = context.paths();
  const auto executor = options.executor_state.empty() ? platform::defaultExecutorState(paths.state)
                                                       : std::filesystem::path(options.executor_state);
  const auto found = options.yes ? forget(Forget::kServer, paths, executor)
                                 : lookAtWhatToForget(Forget::kServer, paths, executor);
  if (!found)
    return context.fail(found.error().code == Code::kConflict ? kExitRefused : kExitFailed,
                        found.error().text);
  if (options.json) {
    std::printf("%s\n", dumpJson(forgottenJson(*found, options.yes)).c_str());
  } else {
    printForgotten(*found, options.yes);
  }
  if (!options.yes && !found->entries.empty()) context.exit_code = kExitUsage;
}

}  // namespace

void addForgetServer(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "forget-server", "Give up this machine's trust root and agent, so that it may join another server");
  auto options = std::make_shared<ForgetOptions>();
  command->add_flag("--yes", options->yes, "Do it; without it, only say what would be forgotten");
  command->add_option("--executor-state", options->executor_state, "The executor's folder");
  addFormat(*command, options->json);
  command->callback([options, &context] { runForgetServer(*options, context); });
}

}  // namespace redflag::kernel
