#include "config/settings.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/encoding.h"
#include "host/capabilities.h"
#include "protocol/keys.h"
#include "protocol/our_plugins.h"
#include "settings/schema.h"

namespace redflag::kernel {
namespace {

constexpr std::string_view kKeyKind = "ed25519:";

std::string placeText(const Config& config, const std::string& pointer) {
  for (Json::json_pointer at(pointer); !at.empty(); at.pop_back()) {
    const auto found = config.places.find(at.to_string());
    if (found == config.places.end()) continue;
    return config.file.string() + ":" + std::to_string(found->second.line) + ":" +
           std::to_string(found->second.column) + ": ";
  }
  return config.file.empty() ? "" : config.file.string() + ": ";
}

std::string keyText(const std::string& pointer) {
  std::string out;
  for (Json::json_pointer at(pointer); !at.empty(); at.pop_back())
    out.insert(0, "." + at.back());
  return out;
}

bool signatureFits(const host::Manifest& manifest) {
  const auto key = fromBase64(std::string_view(manifest.publisher).substr(kKeyKind.size()));
  const auto signature = fromBase64(manifest.signature);
  return key && signature && protocol::verifySignature(host::signedText(manifest), *signature, *key);
}

// A signature that is there has to be right, whoever asks for it.
Result<> checkPublisher(const PluginConfig& plugin, const host::Manifest& manifest) {
  const bool is_signed = !manifest.publisher.empty() || !manifest.signature.empty();
  const std::string file = plugin.id + ".json";
  if (is_signed && (!manifest.publisher.starts_with(kKeyKind) || !signatureFits(manifest))) {
    return fail(Code::kDenied,
                file + ": its signature does not fit: it was changed after its publisher signed it");
  }
  if (plugin.publisher.empty() || plugin.publisher == manifest.publisher) return {};
  return fail(Code::kDenied,
              "plugins." + plugin.id + ".publisher: " + file +
                  (is_signed ? " is signed by another one, " + manifest.publisher : " is not signed"));
}

// Whose code this is: ours by the folder it is in, a third party's by a line of root's.
Result<> checkOrigin(const PluginConfig& plugin, const host::Manifest& manifest) {
  if (auto checked = checkPublisher(plugin, manifest); !checked) return checked;
  if (!plugin.sha256.empty() && plugin.sha256 != manifest.sha256) {
    return fail(Code::kDenied, "plugins." + plugin.id +
                                   ".sha256: the library is another one; its sha256 is " + manifest.sha256);
  }
  if (protocol::isOurPlugin(plugin.id) || !plugin.sha256.empty() || !plugin.publisher.empty()) return {};
  const auto line =
      manifest.publisher.empty() ? "sha256: " + manifest.sha256 : "publisher: " + manifest.publisher;
  return fail(Code::kDenied,
              "a third party's library must be named by its publisher or its hash; write below plugins." +
                  plugin.id + ":  " + line);
}

bool holds(const host::Condition& condition, const Json& settings) {
  const auto value = settings.find(condition.setting);
  if (value == settings.end()) return false;
  if (value->is_boolean()) return condition.value == (value->get<bool>() ? "true" : "false");
  return value->is_string() && value->get_ref<const std::string&>() == condition.value;
}

// With the settings it names put in. nullopt: one of them is empty, or is not what its condition asks for, so
// there is nothing to grant.
std::optional<std::string> withSettings(std::string spec, const Json& settings) {
  if (const auto condition = host::takeCondition(spec); condition && !holds(*condition, settings))
    return std::nullopt;
  for (auto open = spec.find('{'); open != std::string::npos; open = spec.find('{')) {
    const auto close = spec.find('}', open);
    if (close == std::string::npos) return std::nullopt;
    const auto value = settings.find(spec.substr(open + 1, close - open - 1));
    if (value == settings.end() || !value->is_string() || value->get_ref<const std::string&>().empty() ||
        value->get_ref<const std::string&>().find('{') != std::string::npos)
      return std::nullopt;
    spec.replace(open, close + 1 - open, value->get<std::string>());
  }
  const auto colon = spec.find(':');
  if (colon == std::string::npos || spec.compare(colon + 1, 1, "/") != 0) return spec;
  return spec.substr(0, colon + 1) +
         std::filesystem::path(spec.substr(colon + 1)).lexically_normal().string();
}

}  // namespace

Result<> checkParameters(const Json& schema, const Json& parameters) {
  const auto problems = settings::checkAgainst(schema, parameters);
  if (!problems) return failAt("parameters_schema", problems.error());
  if (problems->empty()) return {};
  return fail(Code::kInvalid,
              "parameters" + keyText(problems->front().pointer) + ": " + problems->front().text);
}

host::Seal sealOf(const Config& config) {
  return config.isolation == Isolation::kRequire ? host::Seal::kRequire : host::Seal::kBest;
}

Result<Json> effectiveSettings(const Config& config, const PluginConfig& plugin, const Json& schema) {
  Json closed = schema;
  if (!closed.is_object() || closed.empty()) closed = {{"type", "object"}, {"properties", Json::object()}};
  if (!closed.contains("additionalProperties")) closed["additionalProperties"] = false;
  const auto problems = settings::checkAgainst(closed, plugin.settings);
  if (!problems) return failAt("plugin " + plugin.id, problems.error());
  std::string text;
  const std::string base = (Json::json_pointer("/plugins") / plugin.id / "settings").to_string();
  for (const auto& problem : *problems) {
    text += (text.empty() ? "" : "\n") + placeText(config, base + problem.pointer) + "plugins." + plugin.id +
            ".settings" + keyText(problem.pointer) + ": " + problem.text;
  }
  if (!text.empty()) return fail(Code::kInvalid, text);
  Json settings = plugin.settings;
  settings::fillDefaults(closed, settings);
  return settings;
}

Result<std::vector<std::string>> grantedCapabilities(const PluginConfig& plugin,
                                                     const host::Manifest& manifest, const Json& settings) {
  if (auto known = checkOrigin(plugin, manifest); !known) return tl::unexpected<Error>(known.error());
  std::vector<std::string> granted;
  for (const auto& listed : plugin.capabilities.value_or(std::vector<std::string>())) {
    // Only what root wrote: a default is the publisher's, and changes with the next version.
    auto spec = withSettings(listed, plugin.owner_settings);
    if (!spec) {
      return fail(Code::kInvalid,
                  "plugins." + plugin.id + ".capabilities: " + dumpJson(listed) +
                      " names a setting that is not written below settings, or has another value there");
    }
    granted.push_back(std::move(*spec));
  }
  const bool exactly = plugin.capabilities.has_value() || !protocol::isOurPlugin(plugin.id);
  std::string missing;
  for (const auto& capability : manifest.capabilities) {
    const auto spec = withSettings(capability.spec, settings);
    if (!spec) continue;
    if (!exactly) {
      granted.push_back(*spec);
    } else if (capability.required && std::find(granted.begin(), granted.end(), *spec) == granted.end()) {
      missing += (missing.empty() ? "" : ", ") + dumpJson(*spec);
    }
  }
  if (!missing.empty()) {
    return fail(Code::kDenied, "a required capability is missing; write below plugins." + plugin.id +
                                   ":  capabilities: [" + missing + "]");
  }
  const auto odd = std::find_if_not(granted.begin(), granted.end(), &host::isCapability);
  if (odd == granted.end()) return granted;
  return fail(
      Code::kInvalid,
      "plugins." + plugin.id + ".capabilities: " + dumpJson(*odd) +
          " is none: expected read:/PATH, write:/PATH, exec:/PROGRAM, http:unix:/SOCKET, net:any or root");
}

}  // namespace redflag::kernel
