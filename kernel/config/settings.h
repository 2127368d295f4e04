#pragma once
// What one plugin gets from the configuration, checked against what it says about itself. A mistake here
// turns off that plugin only.

#include "config/config.h"
#include "host/load.h"
#include "host/manifest.h"

namespace redflag::kernel {

// The plugin's settings with its schema's defaults filled in. kInvalid: every mistake with file, line and
// key.
Result<Json> effectiveSettings(const Config& config, const PluginConfig& plugin, const Json& schema);

// An action's parameters against its own schema; kInvalid names the member and what was expected.
Result<> checkParameters(const Json& schema, const Json& parameters);

// How a scanner's process is sealed: as far as this system can, or not at all run where a wall is missing.
host::Seal sealOf(const Config& config);

// What the plugin may use: what YAML lists; else, for ours, what the manifest wants. A third party (an id in
// reverse DNS form) gets nothing that is not listed. "{root}" in a capability is the setting of that name:
// with an empty or missing one it is not granted, nor is "{refresh=private}net:any" with another value.
// kDenied: a required capability is missing, or a third party's library is named neither by its publisher's
// key nor by its sha256, or is another one, or a signature does not fit; the text has the line to paste.
// kInvalid: one is of no known form.
Result<std::vector<std::string>> grantedCapabilities(const PluginConfig& plugin,
                                                     const host::Manifest& manifest, const Json& settings);

}  // namespace redflag::kernel
