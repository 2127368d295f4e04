#pragma once
// The command line, made of the operations.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "ctl/asking.h"
#include "ctl/document.h"

namespace redflag::ctl {

struct Wanted {
  const Operation* operation = nullptr;  // nullptr: none was typed
  Wish wish;
  bool all = false;
  std::string body_file;  // "-": standard input
  std::vector<std::string> columns;
  std::string format = "table";
};

// One subcommand a noun, below it one a verb; `wanted` and `operations` outlive `app`.
void addOperations(CLI::App& app, const std::vector<Operation>& operations, Wanted& wanted);

// A script for bash (zsh reads it after `autoload bashcompinit; bashcompinit`) that completes nouns, verbs,
// options and their choices.
std::string completionScript(const CLI::App& app);

}  // namespace redflag::ctl
