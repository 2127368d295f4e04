#pragma once
// One thing that the contract asks of a plugin, tried in a process of its own.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/manifest.h"

namespace redflag::validator {

enum class Outcome { kPassed, kWarning, kSkipped, kFailed, kCrashed };
const char* outcomeName(Outcome outcome);

struct Verdict {
  Outcome outcome = Outcome::kPassed;
  std::string text;  // what happened
};

inline Verdict failed(std::string text) {
  return {Outcome::kFailed, std::move(text)};
}
inline Verdict warning(std::string text) {
  return {Outcome::kWarning, std::move(text)};
}
inline Verdict skipped(std::string text) {
  return {Outcome::kSkipped, std::move(text)};
}

struct Target {
  std::filesystem::path library;  // absolute
  std::string settings;           // JSON text
};

struct Check {
  std::string name;      // "cancel.before"
  std::string did;       // what is tried
  std::string expected;  // what the contract asks for
  int rule = 0;          // its number in sdk/README.md
  std::function<Verdict(const Target&)> run;
  // Names, with wildcards, of checks that would find the same breach first: where one of them failed, this
  // one is skipped.
  std::vector<std::string> needs = {};
};

// All of them, in the order in which they are tried.
std::vector<Check> allChecks();

void addLibraryChecks(std::vector<Check>& into);
void addServiceChecks(std::vector<Check>& into);
void addRunChecks(std::vector<Check>& into);
void addProcessChecks(std::vector<Check>& into);

// Runs the check in a child. A crash, an exit and a hang of the plugin are verdicts like any other.
Verdict runIsolated(const Check& check, const Target& target, int timeout_s);

// The names a shared library defines for others; kInvalid: not such a file.
Result<std::vector<std::string>> exportedSymbols(const std::filesystem::path& library);

}  // namespace redflag::validator
