// `redflag-agent prepare-image`: the command line of prepare_image.h.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "agent/prepare_image.h"

namespace redflag::kernel {
namespace {

struct Options {
  std::string executor_state;
  std::string bundle;
  bool json = false;
};

int exitCodeOf(Code code) {
  return code == Code::kInvalid || code == Code::kLimit ? kExitUsage
         : code == Code::kConflict                      ? kExitRefused
                                                        : kExitFailed;
}

void print(const ImageReport& report, const ImageRequest& request) {
  for (const auto& entry : report.removed)
    std::printf("removed  %s  (%s)\n", entry.path.c_str(), entry.what.c_str());
  if (report.removed.empty()) std::puts("There was nothing to remove.");
  for (const auto& path : report.left)
    std::printf("left     %s  (not the agent's, as far as it knows: look at it)\n", path.c_str());
  if (report.bundle_waits) {
    std::printf("Copies of this machine enrol by %s: its token needs a seat for each.\n",
                request.bundle_place.c_str());
  } else {
    std::puts("Copies of this machine are to be enrolled; --enrolment FILE lets them do it by themselves.");
  }
}

Json jsonOf(const ImageReport& report) {
  Json removed = Json::array();
  for (const auto& entry : report.removed)
    removed.push_back({{"path", entry.path.string()}, {"what", entry.what}});
  Json left = Json::array();
  for (const auto& path : report.left)
    left.push_back(path.string());
  return {{"removed", removed}, {"left", left}, {"enrolment_waits", report.bundle_waits}};
}

void run(const Options& options, Context& context) {
  const auto config = context.readConfig();
  if (!config) return;
  ImageRequest request;
  request.paths = context.paths();
  request.executor_state = options.executor_state.empty()
                               ? platform::defaultExecutorState(request.paths.state)
                               : std::filesystem::path(options.executor_state);
  request.bundle = options.bundle;
  request.bundle_place = config->enrolment_file;
  const auto report = prepareImage(request);
  if (!report) return context.fail(exitCodeOf(report.error().code), report.error().text);
  if (options.json) {
    std::printf("%s\n", dumpJson(jsonOf(*report)).c_str());
  } else {
    print(*report, request);
  }
  if (!report->left.empty()) context.exit_code = kExitIncomplete;
}

}  // namespace

void addPrepareImage(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand(
      "prepare-image", "Take out of this machine what must not be on two, before it becomes an image");
  auto options = std::make_shared<Options>();
  command->add_option("--enrolment", options->bundle,
                      "A file with the bundle by which copies of the image enrol");
  command->add_option("--executor-state", options->executor_state, "The executor's folder");
  addFormat(*command, options->json);
  command->callback([options, &context] { run(*options, context); });
}

}  // namespace redflag::kernel
