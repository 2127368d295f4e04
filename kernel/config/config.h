#pragma once
// agent.yaml as the program sees it: complete, typed, checked, with defaults filled in. Durations are
// nanoseconds, sizes bytes. Immutable once loaded; shared between threads as std::shared_ptr<const Config>.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "policy/policy.h"

namespace redflag::kernel {

enum class Mode { kReport, kAct };
enum class Isolation { kRequire, kBest };

struct ScheduleConfig {
  std::int64_t every_ns = 0;
  std::int64_t jitter_ns = 0;
};

// What one run of one plugin may use.
struct RunLimits {
  std::int64_t time_ns = 0;
  std::int64_t cpu_ns = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t records = 0;
  std::uint64_t output_bytes = 0;
};

struct BreakerConfig {
  int failures = 0;         // in a row
  int window_failures = 0;  // within window_ns, with good runs between them
  std::int64_t window_ns = 0;
  std::int64_t open_ns = 0;
  std::int64_t open_max_ns = 0;
  int successes = 0;
};

struct PluginConfig {
  std::string id;
  ScheduleConfig schedule;
  RunLimits limits;
  BreakerConfig breaker;
  // As written, with what the server may have set; settings.h checks them against the plugin's schema.
  Json settings = Json::object();
  Json owner_settings = Json::object();  // as written alone: what capabilities are made of
  std::string publisher;  // "ed25519:…" whose signature the manifest must have; "": not given
  std::string sha256;     // of a third party's library, in lower case; "": not given
  std::optional<std::vector<std::string>> capabilities;  // exactly these; absent: see grantedCapabilities()
};

// Where a value was written; line 0: nowhere, it is a default.
struct ConfigPlace {
  int line = 0;
  int column = 0;
};

constexpr std::size_t kMaxConfigBytes = 256U << 10U;  // of agent.yaml

struct Config {
  std::filesystem::path file;  // "": no file, all defaults
  Mode mode = Mode::kReport;
  std::filesystem::path enrolment_file;
  std::string proxy;  // "none", "system" or "http://host:port"
  ScheduleConfig schedule;
  int max_parallel = 0;
  RunLimits limits;
  BreakerConfig breaker;
  Isolation isolation = Isolation::kBest;
  std::uint64_t spool_max_bytes = 0;
  std::vector<PluginConfig> plugins;  // sorted by id
  std::vector<NamedWindow> windows;
  Policy policy;
  std::string log_level;  // "debug", "info", "warning" or "error"
  std::string log_to;     // "journal" or "stderr"

  Json written = Json::object();              // as the file has it
  Json values = Json::object();               // everything, defaults included, as `config show` prints it
  std::map<std::string, ConfigPlace> places;  // JSON pointer -> where it was written
  std::vector<std::string> server_may_set;    // patterns, see server_settings.h
  std::set<std::string> from_server;          // JSON pointers of values that the server set

  const PluginConfig* plugin(const std::string& id) const;
};

// One thing that is wrong, ready to print: "/etc/redflag/agent.yaml:12:9: schedule.every: expected …".
struct ConfigProblem {
  std::filesystem::path file;
  ConfigPlace place;
  std::string key;   // "schedule.every", "" for the file as a whole
  std::string text;  // what was expected

  std::string toText() const;
};

struct LoadedConfig {
  std::optional<Config> config;         // absent when there is any problem
  std::vector<ConfigProblem> problems;  // in the order of the file
};

// Reads and checks a file of at most 256 KiB. Never throws; every problem found is listed, not only the first
// one.
LoadedConfig checkConfig(const std::filesystem::path& file);
// The same with the text at hand; `file` is for messages only.
LoadedConfig checkConfigText(const std::string& text, const std::filesystem::path& file);

// A good configuration with what the server set, as far as the owner lets it and has not said so himself.
// kInvalid: together they make none.
Result<Config> withServerSettings(const Config& config, const Json& settings);

// checkConfig() for those who need one error: all problems, a line each.
Result<Config> loadConfig(const std::filesystem::path& file);

// Where no file is: every value at its default, no plugins.
Config defaultConfig();
// A plugin that a person names and no file mentions, with the defaults of `config`.
PluginConfig defaultPlugin(const Config& config, const std::string& id);

}  // namespace redflag::kernel
