#pragma once
// YAML as agent.yaml uses it: maps, lists and scalars of the YAML 1.2 core schema, as JSON with the place of
// every value. Refused, each with its place: anchors and aliases (a file that root's programs obey reads from
// top to bottom, and a bomb cannot expand), tags, duplicate keys, several documents, and more than the
// limits.

#include <map>
#include <string>
#include <tl/expected.hpp>

#include "base/json.h"
#include "config/config.h"

namespace redflag::kernel {

struct YamlDocument {
  Json value;
  std::map<std::string, ConfigPlace> places;  // JSON pointer -> the key's place, or the list item's
};

struct YamlError {
  ConfigPlace place;
  std::string text;
};

struct YamlLimits {
  std::size_t bytes = 256U << 10U;
  std::size_t depth = 16;
  std::size_t values = 10'000;
  std::size_t scalar_bytes = 4096;
};

tl::expected<YamlDocument, YamlError> parseYaml(const std::string& text, const YamlLimits& limits = {});

}  // namespace redflag::kernel
