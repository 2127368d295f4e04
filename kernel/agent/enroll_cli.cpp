// `redflag-agent enroll`: the command line of enroll_command.h.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/commands.h"
#include "agent/enroll_command.h"
#include "broker/brokered_marks.h"
#include "local/log.h"
#include "platform/lifetime.h"

namespace redflag::kernel {

void addEnroll(CLI::App& app, Context& context) {
  auto* command =
      app.add_subcommand("enroll", "Make this machine an agent of the server that the bundle names");
  auto request = std::make_shared<EnrollRequest>();
  auto* input =
      command->add_flag("--bundle-stdin", request->bundle_stdin, "Read the enrolment bundle from stdin");
  command->add_option("--bundle-file", request->bundle_file, "Read the enrolment bundle from a file")
      ->excludes(input);
  command->add_option("--executor-state", request->executor_state,
                      "The executor's folder (mode: act, as root)");
  auto broker = std::make_shared<std::string>();
  command->add_option("--broker-socket", *broker,
                      "Where the broker listens, which knows the machine's numbers");
  command->add_flag("--replace", request->replace, "Forget the present enrolment first");
  addFormat(*command, request->json);
  command->callback([request, broker, &context] {
    platform::forbidCoreDumps();  // the agent's key and the bundle's token are in its memory
    startLog(context.log_level.empty() ? "warning" : context.log_level, "stderr");
    const auto config = context.readConfig();
    if (!config) return;
    request->state = context.paths().state;
    request->marks = marksOfThisMachine(context.brokerSocket(*broker));
    context.exit_code = runEnroll(*config, *request, std::cin, std::cout, std::cerr);
  });
}

}  // namespace redflag::kernel
