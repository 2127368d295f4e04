#pragma once
// The plugins that the configuration names, ready to run or with the reason why not. Nothing that is not
// named is ever loaded.

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"
#include "host/load.h"
#include "host/manifest.h"
#include "host/walls.h"

namespace redflag::kernel {

constexpr const char* kScannerInterface = "rf.scanner/1";
constexpr const char* kUpdaterInterface = "rf.updater/1";
constexpr const char* kActionsInterface = "rf.actions/1";

// A plugin with everything its next run needs.
struct ReadyPlugin {
  PluginConfig config;
  host::Manifest manifest;
  Json settings;
  std::vector<std::string> capabilities;
  host::Seal seal = host::Seal::kRequire;
};

// Where plugins are, and how they are run.
struct PluginPlace {
  std::filesystem::path folder;  // libraries and manifests
  bool own_user = false;         // their processes' user is not the kernel's
};

// Why a plugin is not run, as its scan says it.
struct PluginRefusal {
  std::string status;  // a name of host::statusName(): "misconfigured", "denied", "not_applicable", "invalid"
  std::string code;    // "config.invalid", "plugin.not_installed", "plugin.refused"
  std::string text;    // what is wrong and where
};

// Manifest, settings, capabilities and walls, checked now: a plugin may be replaced while the agent runs.
tl::expected<ReadyPlugin, PluginRefusal> preparePlugin(const Config& config, const PluginConfig& plugin,
                                                       const PluginPlace& place);

// The purpose of a scan of it where `wanted` was asked for. An inventory is of packages, or of kinds of a
// third party's own: who has neither says what it always does, and a server that keeps both pictures would
// have all of that twice.
std::string purposeFor(const host::Manifest& manifest, const std::string& wanted);

// What stands between a plugin and the rest of this machine: host::possibleWalls(), and ours.
std::vector<host::Wall> walls(bool own_user);
// "full" when all of them stand, else "weak".
const char* isolationName(bool own_user);

}  // namespace redflag::kernel
