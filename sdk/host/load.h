#pragma once
// What a run's process may load, and what it may touch while the plugin is in it: the kLoad frame, the first
// one. Written by whoever is believed about that: the broker, where there is one, else the starter.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "host/manifest.h"

namespace redflag::host {

enum class Seal {
  kNone,     // for an updater that changes the machine as root, and for nothing else
  kBest,     // every wall that this system can build
  kRequire,  // nothing is loaded where one cannot be built
};

struct Load {
  std::filesystem::path library;  // absolute
  Seal seal = Seal::kRequire;
  std::vector<std::string> capabilities;  // granted ones; the seal leaves them open
  std::filesystem::path scratch;          // absolute: temporary files go below it; "": it has none
  std::vector<std::string> requires_libraries;
  std::optional<Manifest> expected;  // what the library has to be; without it: not checked
};

// Of a plugin with that manifest.
Load loadOf(const Manifest& manifest, std::vector<std::string> capabilities, Seal seal,
            std::filesystem::path scratch);

std::string encodeLoad(const Load& load);
// kInvalid names the member and what was expected.
Result<Load> decodeLoad(std::string_view json);

}  // namespace redflag::host
