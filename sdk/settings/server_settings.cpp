#include "settings/server_settings.h"

#include <algorithm>
#include <array>

namespace redflag::settings {
namespace {

constexpr std::array kOfAgent = {"schedule", "limits", "breaker", "log"};
constexpr std::array kOfPlugin = {"every", "jitter", "limits", "breaker", "settings"};
constexpr std::size_t kMaxSettings = 100;
constexpr std::size_t kMaxDepth = 8;

using Path = std::vector<std::string>;

template <class Names>
bool isOneOf(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Path split(const std::string& text) {
  Path out{""};
  for (const char c : text) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// plugins, id, rest: a plugin's id may have dots, so it ends where a key of plugins begins. Empty: no such
// key.
Path pathOf(const std::string& pattern) {
  Path parts = split(pattern);
  if (std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); })) return {};
  if (parts.front() != "plugins") return isOneOf(kOfAgent, parts.front()) ? parts : Path();
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (!isOneOf(kOfPlugin, parts[i])) continue;
    Path out{"plugins", parts[1]};
    for (std::size_t j = 2; j < i; ++j)
      out[1] += "." + parts[j];
    out.insert(out.end(), parts.begin() + static_cast<std::ptrdiff_t>(i), parts.end());
    return out;
  }
  return {};
}

Path pathOf(Json::json_pointer key) {
  Path out;
  for (; !key.empty(); key.pop_back())
    out.insert(out.begin(), key.back());
  return out;
}

bool reaches(const Path& pattern, const Path& key) {
  if (pattern.empty() || key.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool any_plugin = i == 1 && pattern[0] == "plugins" && pattern[1] == "*";
    if (!any_plugin && pattern[i] != key[i]) return false;
  }
  return true;
}

Result<> collectSettings(const Json& from, const Json::json_pointer& at, std::vector<ServerSetting>& out) {
  if (pathOf(at).size() > kMaxDepth) return fail(Code::kLimit, "settings: nested deeper than eight");
  for (const auto& [name, value] : from.items()) {
    const auto key = at / name;
    if (value.is_object()) {
      if (auto ok = collectSettings(value, key, out); !ok) return ok;
      continue;
    }
    if (out.size() == kMaxSettings) return fail(Code::kLimit, "settings: more than a hundred");
    out.push_back({key, value});
  }
  return {};
}

}  // namespace

std::string patternProblem(const std::string& pattern) {
  if (!pathOf(pattern).empty()) return {};
  return "expected a key below schedule, limits, breaker or log, or plugins.ID.every, jitter, limits, "
         "breaker or "
         "settings, where ID may be *; everything else is the owner's alone";
}

bool mayEverBeSet(const Json::json_pointer& key) {
  const Path path = pathOf(key);
  if (path.empty()) return false;
  if (path.front() != "plugins") return isOneOf(kOfAgent, path.front());
  return path.size() > 2 && isOneOf(kOfPlugin, path[2]);
}

bool serverMaySet(const std::vector<std::string>& patterns, const Json::json_pointer& key) {
  const Path path = pathOf(key);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return reaches(pathOf(pattern), path); });
}

Result<std::vector<ServerSetting>> serverSettingsOf(const Json& settings) {
  std::vector<ServerSetting> out;
  if (!settings.is_object()) return fail(Code::kInvalid, "settings: expected an object");
  if (auto ok = collectSettings(settings, Json::json_pointer(), out); !ok)
    return tl::unexpected<Error>(ok.error());
  return out;
}

bool place(const ServerSetting& setting, Json& into) {
  const Path path = pathOf(setting.key);
  // Looked at first, so that nothing is changed when it does not fit.
  const Json* seen = &into;
  for (std::size_t i = 0; i < path.size() && seen != nullptr && !seen->is_null(); ++i) {
    if (!seen->is_object()) return false;
    const auto next = seen->find(path[i]);
    seen = next == seen->end() ? nullptr : &*next;
  }
  Json* at = &into;
  for (const auto& name : path)
    at = &(*at)[name];
  *at = setting.value;
  return true;
}

std::string pluginOf(const Json::json_pointer& key) {
  const Path path = pathOf(key);
  return path.size() > 1 && path[0] == "plugins" ? path[1] : "";
}

std::string dottedKey(const Json::json_pointer& key) {
  std::string out;
  for (const auto& part : pathOf(key))
    out += (out.empty() ? "" : ".") + part;
  return out;
}

}  // namespace redflag::settings
