#include "recreate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/encoding.h"
#include "json_access.h"

namespace redflag::docker {
namespace {

constexpr std::size_t kShortNumber = 12;

bool contains(const Json& array, const Json& item) {
  return array.is_array() && std::find(array.begin(), array.end(), item) != array.end();
}

// Members of an object, or entries of an array, that the defaults have just so.
void subtract(Json& value, const Json& defaults) {
  if (value.is_array() && defaults.is_array()) {
    Json left = Json::array();
    for (const auto& item : value)
      if (!contains(defaults, item)) left.push_back(item);
    value = std::move(left);
  } else if (value.is_object() && defaults.is_object()) {
    for (const auto& [key, item] : defaults.items())
      if (value.contains(key) && value.at(key) == item) value.erase(key);
  }
}

bool isNothing(const Json& words) {
  return words.is_null() || (words.is_array() && words.empty());
}

// An entry point of one's own takes the image's command away, also where it is the image's very own one.
void subtractStart(Json& config, const Json& defaults) {
  const Json entry = at(config, {"Entrypoint"});
  const Json command = at(config, {"Cmd"});
  const auto& image_entry = at(defaults, {"Entrypoint"});
  const auto& image_command = at(defaults, {"Cmd"});
  if (entry.is_null() && !isNothing(image_entry)) {
    // It was taken away, and an engine that is told of none gives the image's. This is how it is asked for.
    config["Entrypoint"] = Json::array({""});
    return;
  }
  // Engines with API 1.52 leave out of an image's settings what is empty.
  const bool same = entry == image_entry || (isNothing(entry) && isNothing(image_entry));
  if (!same || (isNothing(command) && !isNothing(image_command))) return;
  config.erase("Entrypoint");
  if (command == image_command) config.erase("Cmd");
}

void subtractDefaults(Json& config, const Json& defaults) {
  for (const char* key : {"Env", "Labels", "ExposedPorts", "Volumes"})
    if (config.contains(key)) subtract(config[key], at(defaults, {key}));
  for (const char* key : {"User", "WorkingDir", "StopSignal", "Shell", "OnBuild"})
    if (at(config, {key}) == at(defaults, {key})) config.erase(key);
  // Whoever asked for another interval only has the image's command beside it, and the next image may have
  // another one.
  if (config.contains("Healthcheck")) {
    subtract(config["Healthcheck"], at(defaults, {"Healthcheck"}));
    if (config["Healthcheck"].empty()) config.erase("Healthcheck");
  }
  subtractStart(config, defaults);
}

bool sharesNetwork(const std::string& mode) {
  return mode.starts_with("container:");
}

// Its own number is the name that a container has by default.
void dropOwnName(Json& config, const std::string& id, const std::string& mode, const std::string& uts) {
  if (sharesNetwork(mode) || uts == "host" || textAt(config, {"Hostname"}) == id.substr(0, kShortNumber))
    config.erase("Hostname");
  if (sharesNetwork(mode) || uts == "host") config.erase("Domainname");
}

// "/data/" is "/data", and mounted twice it would be refused.
std::string cleaned(const std::string& place) {
  auto out = std::filesystem::path(place).lexically_normal().string();
  while (out.size() > 1 && out.ends_with('/'))
    out.pop_back();
  return out;
}

// "volume:/data:ro", or "/data" alone, which is given the volume's name.
bool isBound(Json& host_config, const std::string& place, const std::string& volume) {
  if (!at(host_config, {"Binds"}).is_array()) return false;
  for (auto& bind : host_config["Binds"]) {
    if (!bind.is_string()) continue;
    const auto text = bind.get<std::string>();
    const auto colon = text.find(':');
    const auto target = colon == std::string::npos ? text : text.substr(colon + 1);
    if (cleaned(target.substr(0, target.find(':'))) != place) continue;
    if (colon == std::string::npos) bind = volume + ":" + text;
    return true;
  }
  return false;
}

// A mount that names its volume already, or one that can be given its name.
bool isMounted(Json& host_config, const std::string& place, const std::string& volume) {
  if (!host_config.contains("Mounts") || !host_config["Mounts"].is_array()) return false;
  for (auto& mount : host_config["Mounts"]) {
    if (cleaned(textAt(mount, {"Target"})) != place) continue;
    if (textAt(mount, {"Type"}) == "volume" && textAt(mount, {"Source"}).empty()) mount["Source"] = volume;
    return true;
  }
  return false;
}

void nameVolumes(Json& host_config, const Json& mounts) {
  for (const auto& mount : mounts) {
    const auto volume = textAt(mount, {"Name"});
    const auto place = cleaned(textAt(mount, {"Destination"}));
    if (textAt(mount, {"Type"}) != "volume" || volume.empty() || place.empty()) continue;
    if (isBound(host_config, place, volume) || isMounted(host_config, place, volume)) continue;
    const bool writable = at(mount, {"RW"}) != Json(false);
    if (!at(host_config, {"Binds"}).is_array()) host_config["Binds"] = Json::array();
    host_config["Binds"].push_back(volume + ":" + place + (writable ? "" : ":ro"));
  }
}

// "/db:/web/db" is told; "db:db" is asked for.
void mendLinks(Json& host_config) {
  if (!at(host_config, {"Links"}).is_array()) return;
  for (auto& link : host_config["Links"]) {
    if (!link.is_string()) continue;
    const auto text = link.get<std::string>();
    const auto colon = text.find(':');
    const auto slash = text.rfind('/');
    if (!text.starts_with('/') || colon == std::string::npos || slash < colon) continue;
    link = text.substr(1, colon - 1) + ":" + text.substr(slash + 1);
  }
}

// What was asked for, without what the engine gave.
Json endpointOf(const Json& network, const std::string& id) {
  auto out = Json::object();
  for (const char* key : {"IPAMConfig", "Links", "DriverOpts"})
    if (const auto& value = at(network, {key}); !value.is_null()) out[key] = value;
  // Which network the way out leads through; engines before 28 do not know it.
  if (const auto priority = numberAt(network, {"GwPriority"}); priority != 0) out["GwPriority"] = priority;
  auto kept = Json::array();
  for (const auto& alias : at(network, {"Aliases"}))
    if (alias != Json(id.substr(0, kShortNumber))) kept.push_back(alias);
  if (!kept.empty()) out["Aliases"] = std::move(kept);
  return out;
}

// "" where the engine made it out of the network address, as those before 28 do: another container may get
// that address next. One that was asked for, or drawn by chance, no other one has.
std::string ownMac(const Json& network) {
  auto mac = textAt(network, {"MacAddress"});
  std::array<char, sizeof(in_addr)> address{};
  if (::inet_pton(AF_INET, textAt(network, {"IPAddress"}).c_str(), address.data()) != 1) return mac;
  const auto digits = toHex({address.data(), address.size()});
  std::string made = "02:42";
  for (std::size_t at = 0; at < digits.size(); at += 2)
    made.append(":").append(digits, at, 2);
  return mac == made ? std::string() : mac;
}

void addNetworks(Recreation& out, const Json& networks, const std::string& mode, const std::string& id) {
  if (!networks.is_object() || sharesNetwork(mode) || mode == "none" || mode == "host") return;
  const std::string first = networks.contains(mode) ? mode : networks.empty() ? "" : networks.begin().key();
  // Engines before 29 keep what was asked for there, and refuse two.
  const bool is_kept = !textAt(out.body, {"MacAddress"}).empty();
  for (const auto& [name, network] : networks.items()) {
    auto endpoint = endpointOf(network, id);
    const auto mac = ownMac(network);
    if (!mac.empty() && !(is_kept && name == first)) endpoint["MacAddress"] = mac;
    if (name == first) {
      out.body["NetworkingConfig"] = {{"EndpointsConfig", {{name, std::move(endpoint)}}}};
    } else {
      out.more_networks.emplace_back(name, std::move(endpoint));
    }
  }
}

}  // namespace

Recreation recreationOf(const Json& container, const Json& image) {
  Recreation out;
  const auto id = textAt(container, {"Id"});
  Json host_config = at(container, {"HostConfig"});
  const auto mode = textAt(host_config, {"NetworkMode"});
  out.body = at(container, {"Config"});
  if (!out.body.is_object()) out.body = Json::object();
  if (image.is_object()) subtractDefaults(out.body, at(image, {"Config"}));
  dropOwnName(out.body, id, mode, textAt(host_config, {"UTSMode"}));
  if (host_config.is_object()) {
    nameVolumes(host_config, at(container, {"Mounts"}));
    mendLinks(host_config);
    out.body["HostConfig"] = std::move(host_config);
  }
  addNetworks(out, at(container, {"NetworkSettings", "Networks"}), mode, id);
  return out;
}

}  // namespace redflag::docker
