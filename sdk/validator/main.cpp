// redflag-plugin-check: does a plugin keep the contract? sdk/README.md has the rules.

#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <random>

#include "base/json.h"
#include "base/narrow_help.h"
#include "validator/check.h"
#include "validator/fuzz.h"
#include "validator/new_plugin.h"
#include "validator/sign.h"

namespace redflag::validator {

const char* outcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kWarning:
      return "warning";
    case Outcome::kSkipped:
      return "skipped";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kCrashed:
      return "crashed";
  }
  return "failed";
}

std::vector<Check> allChecks() {
  std::vector<Check> out;
  addLibraryChecks(out);
  addRunChecks(out);
  addServiceChecks(out);
  addProcessChecks(out);
  return out;
}

namespace {

struct Options {
  std::string library;
  std::string new_plugin;
  std::string manifest;
  std::string key;
  std::string recording;
  std::uint64_t seed = std::random_device()();
  std::uint64_t rounds = 1000;
  std::optional<std::uint64_t> round;
  std::string format = "text";
  std::string settings = "{}";
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  bool list = false;
  int timeout_s = 20;
};

bool matches(const std::vector<std::string>& patterns, const std::string& name) {
  for (const auto& pattern : patterns) {
    if (::fnmatch(pattern.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

bool isBad(Outcome outcome) {
  return outcome == Outcome::kFailed || outcome == Outcome::kCrashed;
}

// "": it may be tried; else the failed check that has already told what this one would.
std::string foundBefore(const Check& check, const std::vector<std::string>& failed) {
  for (const auto& name : failed) {
    if (matches(check.needs, name)) return name;
  }
  return {};
}

void print(const Check& check, const Verdict& verdict) {
  std::printf("%-8s %s\n", outcomeName(verdict.outcome), check.name.c_str());
  if (verdict.outcome == Outcome::kPassed) return;
  if (verdict.outcome != Outcome::kSkipped)
    std::printf("         tried:    %s\n         expected: %s\n", check.did.c_str(), check.expected.c_str());
  std::printf("         happened: %s\n", verdict.text.c_str());
  if (isBad(verdict.outcome)) std::printf("         see rule %d in sdk/README.md\n", check.rule);
}

int complain(const std::string& text) {
  std::fprintf(stderr, "redflag-plugin-check: %s\n", text.c_str());
  return 2;
}

std::optional<Target> targetOf(const Options& options) {
  Target target{std::filesystem::absolute(options.library), options.settings};
  std::error_code error;
  if (std::filesystem::is_regular_file(target.library, error)) return target;
  complain(options.library + ": no such library");
  return std::nullopt;
}

int record(const Options& options) {
  const auto target = targetOf(options);
  if (!target) return 2;
  const auto recorded = recordRun(*target, options.recording, options.timeout_s);
  if (!recorded) return complain(recorded.error().text);
  const auto recording = readRecording(options.recording);
  if (!recording) return complain(recording.error().text);
  std::printf("%s: %zu answers\n", options.recording.c_str(), recording->calls.size());
  return 0;
}

int fuzzWith(const Options& options) {
  const auto target = targetOf(options);
  if (!target) return 2;
  const auto recording = readRecording(options.recording);
  if (!recording) return complain(recording.error().text);
  if (recording->calls.empty()) {
    std::puts("the recording has no answers: there is nothing to change");
    return 0;
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  const auto found =
      fuzz(*target, *recording, {options.seed, options.rounds, options.round, options.timeout_s});
  if (!found) {
    std::printf("%llu rounds, all survived\n",
                static_cast<unsigned long long>(options.round ? 1 : options.rounds));
    return 0;
  }
  std::printf("round %llu: %s\nagain: redflag-plugin-check fuzz %s --recording %s --seed %llu --round %llu\n",
              static_cast<unsigned long long>(found->round), found->verdict.text.c_str(),
              options.library.c_str(), options.recording.c_str(),
              static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(found->round));
  return 1;
}

int checkAll(const Options& options) {
  const auto wanted = targetOf(options);
  if (!wanted) return 2;
  const Target& target = *wanted;
  Json results = Json::array();
  std::vector<std::string> bad;
  int played = 0;
  for (const auto& check : allChecks()) {
    if ((!options.include.empty() && !matches(options.include, check.name)) ||
        matches(options.exclude, check.name))
      continue;
    const auto found = foundBefore(check, bad);
    const Verdict verdict =
        found.empty() ? runIsolated(check, target, options.timeout_s) : skipped(found + " failed");
    ++played;
    if (isBad(verdict.outcome)) bad.push_back(check.name);
    results.push_back({{"check", check.name},
                       {"status", outcomeName(verdict.outcome)},
                       {"tried", check.did},
                       {"expected", check.expected},
                       {"happened", verdict.text},
                       {"rule", check.rule}});
    if (options.format == "text") print(check, verdict);
  }
  if (options.format == "json") {
    std::printf("%s\n", dumpJson({{"library", target.library.string()}, {"results", results}}).c_str());
  } else {
    std::printf("%d checks, %zu of them failed\n", played, bad.size());
  }
  if (played == 0) std::fputs("no check has such a name; --list shows them\n", stderr);
  return played == 0 ? 2 : (bad.empty() ? 0 : 1);
}

int writeNew(const std::string& id) {
  const auto folder = writeNewPlugin(std::filesystem::current_path(), id);
  if (!folder) return complain(folder.error().text);
  std::printf("%s\n", folder->c_str());
  return 0;
}

int sign(const std::string& manifest, const std::string& key) {
  const auto publisher = signManifest(manifest, key);
  if (!publisher) return complain(publisher.error().text);
  std::printf("publisher: %s\n", publisher->c_str());
  return 0;
}

}  // namespace
}  // namespace redflag::validator

int main(int argc, char** argv) {
  using namespace redflag::validator;
  Options options;
  CLI::App app("Tries a plugin's library, with its manifest beside it, against the contract.");
  redflag::NarrowHelp::use(app);
  app.add_option("library", options.library, "the plugin's library");
  app.add_option("--format", options.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_option("--settings", options.settings, "the plugin's settings, as JSON");
  app.add_option("--include", options.include, "only checks of these names (cancel.*)");
  app.add_option("--exclude", options.exclude, "no checks of these names");
  app.add_option("--timeout", options.timeout_s, "seconds a check may take")->check(CLI::Range(1, 600));
  app.add_flag("--list", options.list, "show the checks");
  auto* create = app.add_subcommand("new", "Write a complete scanner, to begin with, into a new folder");
  create->add_option("name", options.new_plugin, "its id and folder: a reverse DNS name")->required();
  auto* signing = app.add_subcommand("sign", "Put your signature as its publisher under a plugin's manifest");
  signing->add_option("manifest", options.manifest, "ID.json, beside its library")->required();
  signing->add_option("--key", options.key, "an Ed25519 key in a PEM file")->required();
  auto* recording = app.add_subcommand("record", "Run a scanner once and keep what the services answered it");
  auto* fuzzing = app.add_subcommand("fuzz", "Play a recording back to it, changed in each round");
  for (auto* command : {recording, fuzzing}) {
    command->add_option("library", options.library, "the plugin's library")->required();
    command->add_option("--settings", options.settings, "the plugin's settings, as JSON");
    command->add_option("--recording", options.recording, "the file with the answers")->required();
    command->add_option("--timeout", options.timeout_s, "seconds a run may take")->check(CLI::Range(1, 600));
  }
  fuzzing->add_option("--seed", options.seed, "the same seed changes the same answers");
  fuzzing->add_option("--rounds", options.rounds, "how many")->check(CLI::Range(1, 10'000'000));
  fuzzing->add_option("--round", options.round, "that one alone");
  CLI11_PARSE(app, argc, argv);
  if (recording->parsed()) return record(options);
  if (fuzzing->parsed()) return fuzzWith(options);
  if (create->parsed()) return writeNew(options.new_plugin);
  if (signing->parsed()) return sign(options.manifest, options.key);
  if (options.list) {
    for (const auto& check : allChecks())
      std::printf("%-22s %s\n", check.name.c_str(), check.did.c_str());
    return 0;
  }
  if (options.library.empty()) {
    std::fputs("redflag-plugin-check: name a library\n", stderr);
    return 2;
  }
  return checkAll(options);
}
