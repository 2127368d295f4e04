#include "config/config.h"

#include <algorithm>
#include <functional>

#include "config/core_schema.h"
#include "config/yaml.h"
#include "platform/files.h"
#include "settings/bounds.h"
#include "settings/schema.h"
#include "settings/server_settings.h"
#include "settings/settable.h"
#include "settings/units.h"

namespace redflag::kernel {
namespace {

// "/plugins/apt/every" -> "plugins.apt.every"
std::string keyOf(const std::string& pointer) {
  std::string out;
  for (Json::json_pointer rest(pointer); !rest.empty(); rest.pop_back()) {
    out.insert(0, rest.back() + (out.empty() ? "" : "."));
  }
  return out;
}

// Fills a Config from values that the schema accepted, and checks what a schema cannot say.
class Reader {
 public:
  Reader(const Json& written, const std::map<std::string, ConfigPlace>& places) : places_(places) {
    values_ = coreDefaults();
    values_.merge_patch(written);
    // A merge patch drops nulls: `apt:` without anything behind it is a plugin at its defaults.
    if (written.contains("plugins") && written["plugins"].is_object()) {
      for (const auto& [id, value] : written["plugins"].items()) {
        values_["plugins"][id] = value.is_null() ? Json::object() : value;
      }
    }
  }

  Config read() {
    Config config;
    config.values = values_;
    config.places = places_;
    config.mode = values_["mode"] == "act" ? Mode::kAct : Mode::kReport;
    config.isolation = values_["isolation"] == "require" ? Isolation::kRequire : Isolation::kBest;
    config.enrolment_file = values_["server"]["enrolment_file"].get<std::string>();
    config.proxy = values_["server"]["proxy"].get<std::string>();
    config.log_level = values_["log"]["level"].get<std::string>();
    config.log_to = values_["log"]["to"].get<std::string>();
    config.max_parallel = values_["schedule"]["max_parallel"].get<int>();
    config.schedule = schedule("/schedule", {});
    config.limits = limits("/limits", {});
    config.breaker = breaker("/breaker", {});
    config.spool_max_bytes = size("/spool/max", 0, 1U << 20U);
    readPlugins(config);
    readWindows(config);
    readPolicy(config);
    return config;
  }

  void problem(const std::string& pointer, std::string text) {
    problems_.push_back({pointer, std::move(text)});
  }
  const std::vector<settings::SchemaProblem>& problems() const { return problems_; }

 private:
  const Json* at(const std::string& pointer) const {
    const Json::json_pointer path(pointer);
    return values_.contains(path) ? &values_.at(path) : nullptr;
  }

  std::int64_t duration(const std::string& pointer, std::int64_t inherited, std::int64_t low) {
    const Json* value = at(pointer);
    if (value == nullptr) return inherited;
    const auto parsed = settings::parseDuration(value->get<std::string>());
    if (!parsed) return problem(pointer, parsed.error().text), low;
    if (*parsed < low) problem(pointer, "expected at least " + settings::durationText(low));
    return *parsed;
  }

  std::uint64_t size(const std::string& pointer, std::uint64_t inherited, std::uint64_t low) {
    const Json* value = at(pointer);
    if (value == nullptr) return inherited;
    const auto parsed =
        settings::parseSize(value->is_string() ? value->get<std::string>() : dumpJson(*value));
    if (!parsed) return problem(pointer, parsed.error().text), low;
    if (*parsed < low) problem(pointer, "expected at least " + settings::sizeText(low));
    return *parsed;
  }

  ScheduleConfig schedule(const std::string& place, const ScheduleConfig& inherited) {
    ScheduleConfig out;
    out.every_ns = duration(place + "/every", inherited.every_ns, settings::kLeastIntervalNs);
    // An inherited jitter longer than a plugin's own interval shrinks with it; a written one is a mistake.
    const bool written = at(place + "/jitter") != nullptr && places_.count(place + "/jitter") != 0;
    out.jitter_ns = duration(place + "/jitter", inherited.jitter_ns, 0);
    if (out.jitter_ns > out.every_ns) {
      if (written)
        problem(place + "/jitter", "expected at most the interval, " + settings::durationText(out.every_ns));
      out.jitter_ns = out.every_ns / 10;
    }
    return out;
  }

  RunLimits limits(const std::string& place, const RunLimits& inherited) {
    RunLimits out;
    out.time_ns = duration(place + "/time", inherited.time_ns, settings::kLeastTimeNs);
    out.cpu_ns = duration(place + "/cpu", inherited.cpu_ns, settings::kLeastTimeNs);
    out.memory_bytes = size(place + "/memory", inherited.memory_bytes, settings::kLeastMemoryBytes);
    out.output_bytes = size(place + "/output", inherited.output_bytes, settings::kLeastOutputBytes);
    const Json* records = at(place + "/records");
    out.records = records == nullptr ? inherited.records : records->get<std::uint64_t>();
    return out;
  }

  BreakerConfig breaker(const std::string& place, const BreakerConfig& inherited) {
    BreakerConfig out;
    const Json* failures = at(place + "/failures");
    const Json* successes = at(place + "/successes");
    const Json* within = at(place + "/window_failures");
    out.failures = failures == nullptr ? inherited.failures : failures->get<int>();
    out.successes = successes == nullptr ? inherited.successes : successes->get<int>();
    out.window_failures = within == nullptr ? inherited.window_failures : within->get<int>();
    out.window_ns = duration(place + "/window", inherited.window_ns, settings::kLeastIntervalNs);
    out.open_ns = duration(place + "/open", inherited.open_ns, settings::kLeastTimeNs);
    out.open_max_ns = duration(place + "/open_max", inherited.open_max_ns, settings::kLeastTimeNs);
    if (out.open_max_ns < out.open_ns) {
      problem(place + "/open_max", "expected at least breaker.open, " + settings::durationText(out.open_ns));
    }
    return out;
  }

  void readPlugins(Config& config) {
    for (const auto& [id, value] : values_["plugins"].items()) {
      const std::string place = (Json::json_pointer("/plugins") / id).to_string();
      if (!settings::isPluginId(id))
        problem(place, "expected a plugin's id: small letters, digits, '.', '_' and '-'");
      PluginConfig plugin;
      plugin.id = id;
      plugin.schedule = schedule(place, config.schedule);
      plugin.limits = limits(place + "/limits", config.limits);
      plugin.breaker = breaker(place + "/breaker", config.breaker);
      plugin.settings = plugin.owner_settings = value.value("settings", Json::object());
      plugin.sha256 = value.value("sha256", "");
      std::transform(plugin.sha256.begin(), plugin.sha256.end(), plugin.sha256.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (value.contains("capabilities"))
        plugin.capabilities = value["capabilities"].get<std::vector<std::string>>();
      plugin.publisher = value.value("publisher", "");
      config.plugins.push_back(std::move(plugin));
    }
  }

  void readWindows(Config& config) {
    for (const auto& [name, text] : values_["windows"].items()) {
      auto window = Window::parse(text.get<std::string>());
      const std::string place = (Json::json_pointer("/windows") / name).to_string();
      if (name == "always") problem(place, "\"always\" is a word of its own; name this window differently");
      if (!window) {
        problem(place, window.error().text);
        continue;
      }
      config.windows.push_back({name, text.get<std::string>(), *window});
    }
  }

  void readWhen(const Config& config, const std::string& place, const Json& rule, PolicyRule& out) {
    if (!rule.contains("when") || rule["when"] == "always") {
      out.always = true;
      return;
    }
    const Json names = rule["when"].is_array() ? rule["when"] : Json::array({rule["when"]});
    for (const auto& name : names) {
      const auto& text = name.get_ref<const std::string&>();
      const auto window = std::find_if(config.windows.begin(), config.windows.end(),
                                       [&](const NamedWindow& w) { return w.name == text; });
      if (window != config.windows.end()) {
        out.when.push_back(*window);
      } else if (!values_["windows"].contains(text)) {
        problem(place + "/when",
                "expected always, or names from windows; there is no window \"" + text + "\"");
      }
    }
  }

  PolicyRule readRule(const Config& config, const std::string& place, const Json& rule) {
    PolicyRule out;
    const auto written = places_.find(place);
    out.line = written == places_.end() ? 0 : written->second.line;
    out.action = rule.value("action", "");
    out.packages = rule.value("packages", std::vector<std::string>());
    out.category = rule.value("category", "");
    out.removals = rule.contains("removals");
    out.downgrades = rule.contains("downgrades");
    out.reason = rule.value("reason", "");
    readWhen(config, place, rule, out);
    if (rule.contains("notice")) {
      problem(place + "/notice", "notices are not supported by this version; leave the key out");
    }
    return out;
  }

  void readPolicy(Config& config) {
    const Json& policy = values_["policy"];
    for (const auto& [list, into] :
         {std::pair{"allow", &config.policy.allow}, {"deny", &config.policy.deny}}) {
      for (std::size_t i = 0; i < policy[list].size(); ++i) {
        const std::string place = std::string("/policy/") + list + "/" + std::to_string(i);
        into->push_back(readRule(config, place, policy[list][i]));
      }
    }
    config.server_may_set = policy["server_may_set"].get<std::vector<std::string>>();
    for (std::size_t i = 0; i < config.server_may_set.size(); ++i) {
      if (auto text = settings::patternProblem(config.server_may_set[i]); !text.empty())
        problem("/policy/server_may_set/" + std::to_string(i), std::move(text));
    }
    if (policy["agent_updates"] != "never") {
      problem("/policy/agent_updates",
              "updates of the agent itself are not supported by this version; expected never");
    }
  }

  Json values_;
  const std::map<std::string, ConfigPlace>& places_;
  std::vector<settings::SchemaProblem> problems_;
};

ConfigPlace nearestPlace(const std::map<std::string, ConfigPlace>& places, const std::string& pointer) {
  for (Json::json_pointer at(pointer);; at.pop_back()) {
    const auto found = places.find(at.to_string());
    if (found != places.end()) return found->second;
    if (at.empty()) return {};
  }
}

void addProblems(LoadedConfig& loaded, const std::filesystem::path& file, const YamlDocument& document,
                 const std::vector<settings::SchemaProblem>& problems) {
  for (const auto& problem : problems) {
    loaded.problems.push_back(
        {file, nearestPlace(document.places, problem.pointer), keyOf(problem.pointer), problem.text});
  }
  std::stable_sort(loaded.problems.begin(), loaded.problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) {
                     return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
                   });
}

}  // namespace

std::string ConfigProblem::toText() const {
  std::string out = file.string();
  if (place.line > 0) out += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  if (!key.empty()) out += ": " + key;
  return out + ": " + text;
}

const PluginConfig* Config::plugin(const std::string& id) const {
  const auto found =
      std::find_if(plugins.begin(), plugins.end(), [&](const PluginConfig& p) { return p.id == id; });
  return found == plugins.end() ? nullptr : &*found;
}

LoadedConfig checkConfigText(const std::string& text, const std::filesystem::path& file) {
  LoadedConfig loaded;
  const auto document = parseYaml(text);
  if (!document) {
    loaded.problems.push_back({file, document.error().place, "", document.error().text});
    return loaded;
  }
  const auto problems = settings::checkAgainst(coreSchema(), document->value);
  if (!problems) {
    loaded.problems.push_back({file, {}, "", problems.error().text});
    return loaded;
  }
  addProblems(loaded, file, *document, *problems);
  if (!loaded.problems.empty()) return loaded;
  Reader reader(document->value, document->places);
  Config config = reader.read();
  addProblems(loaded, file, *document, reader.problems());
  if (!loaded.problems.empty()) return loaded;
  config.file = file;
  config.written = document->value;
  loaded.config = std::move(config);
  return loaded;
}

namespace {

// By the owner; also where anything else stands on the way. A name of digits is a name: a pointer would take
// it for a place in a list, and throws for one that is no number of 64 bits.
bool isWritten(const Json& written, Json::json_pointer key) {
  std::vector<std::string> names;
  for (; !key.empty(); key.pop_back())
    names.push_back(key.back());
  const Json* at = &written;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!at->is_object()) return !at->is_null();
    const auto next = at->find(*name);
    if (next == at->end()) return false;
    at = &*next;
  }
  return true;
}

}  // namespace

Result<Config> withServerSettings(const Config& config, const Json& settings) {
  const auto wanted = settings::serverSettingsOf(settings);
  if (!wanted) return tl::unexpected<Error>(wanted.error());
  Json written = config.written;
  std::set<std::string> taken;
  for (const auto& setting : *wanted) {
    const bool known_plugin = setting.key.to_string().rfind("/plugins/", 0) != 0 ||
                              config.plugin(settings::pluginOf(setting.key)) != nullptr;
    if (setting.value.is_null() || !known_plugin || isWritten(config.written, setting.key) ||
        !settings::serverMaySet(config.server_may_set, setting.key))
      continue;
    if (settings::place(setting, written)) taken.insert(setting.key.to_string());
  }
  if (taken.empty()) return config;
  const auto problems = settings::checkAgainst(coreSchema(), written);
  if (!problems) return tl::unexpected<Error>(problems.error());
  if (!problems->empty())
    return fail(Code::kInvalid, keyOf(problems->front().pointer) + ": " + problems->front().text);
  Reader reader(written, config.places);
  Config merged = reader.read();
  if (!reader.problems().empty()) {
    const auto& first = reader.problems().front();
    return fail(Code::kInvalid, keyOf(first.pointer) + ": " + first.text);
  }
  merged.file = config.file;
  merged.written = config.written;
  merged.from_server = std::move(taken);
  for (auto& plugin : merged.plugins)
    plugin.owner_settings = config.plugin(plugin.id)->owner_settings;
  return merged;
}

namespace {

// A problem names its file already.
LoadedConfig unreadable(const std::filesystem::path& file, const std::filesystem::path& place,
                        const std::string& text) {
  const std::string prefix = place.string() + ": ";
  return {std::nullopt, {{file, {}, "", text.rfind(prefix, 0) == 0 ? text.substr(prefix.size()) : text}}};
}

}  // namespace

LoadedConfig checkConfig(const std::filesystem::path& file) {
  // The file's real place counts: who can write that, can write the configuration.
  std::error_code error;
  const auto real = std::filesystem::canonical(file, error);
  const std::filesystem::path& place = error ? file : real;
  if (auto safe = platform::checkOnlyOursToWrite(place); !safe && safe.error().code == Code::kDenied) {
    return unreadable(file, place, safe.error().text);
  }
  auto text = platform::readFile(place, kMaxConfigBytes);
  if (!text) return unreadable(file, place, text.error().text);
  return checkConfigText(*text, file);
}

Result<Config> loadConfig(const std::filesystem::path& file) {
  LoadedConfig loaded = checkConfig(file);
  if (loaded.config) return std::move(*loaded.config);
  std::string text;
  for (const auto& problem : loaded.problems)
    text += (text.empty() ? "" : "\n") + problem.toText();
  return fail(Code::kInvalid, text);
}

Config defaultConfig() {
  return Reader(Json::object(), {}).read();
}

PluginConfig defaultPlugin(const Config& config, const std::string& id) {
  PluginConfig plugin;
  plugin.id = id;
  plugin.schedule = config.schedule;
  plugin.limits = config.limits;
  plugin.breaker = config.breaker;
  return plugin;
}

}  // namespace redflag::kernel
