// `redflag-agent policy test ACTION [PACKAGE]`.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "agent/commands.h"
#include "agent/policy_command.h"

namespace redflag::kernel {

namespace {

std::string refuseNothing(const std::string& text) {
  return text.empty() ? "expected some text, not \"\"" : "";
}

}  // namespace

void addPolicy(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("policy", "Try what this machine's policy allows");
  command->require_subcommand(1);
  auto* test = command->add_subcommand("test", "What would be decided, without an order");
  auto request = std::make_shared<PolicyTestRequest>();
  test->add_option("action", request->action, "PLUGIN/ACTION, e.g. apt/install")->required();
  test->add_option("package", request->package, "A package's name")->check(refuseNothing);
  test->add_option("--operation", request->operation, "install, upgrade, remove or downgrade");
  test->add_option("--category", request->category, "The update's category, e.g. security")
      ->check(refuseNothing);
  test->add_option("--at", request->at, "\"Sat 23:00\" or \"2025-03-01 23:00\"; without it: now")
      ->check(refuseNothing);
  addFormat(*test, request->json);
  test->callback([request, &context] {
    const auto config = context.readConfig();
    if (config) context.exit_code = runPolicyTest(*config, *request, std::cout, std::cerr);
  });
}

}  // namespace redflag::kernel
