#pragma once
// What a registry keeps behind a digest. Source: OCI image specification 1.0, Docker's manifest v2 schema 2.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "problem.h"

namespace redflag::docker {

struct PlatformImage {
  std::string config;      // its digest: the image's number in an engine
  std::int64_t bytes = 0;  // compressed layers and configuration
  std::string manifest{};  // the digest of what says this
};

// One of both.
struct Manifest {
  // Of an index: one image each.
  struct Entry {
    std::string platform;  // "linux/arm64/v8"
    std::string digest;
  };
  std::vector<Entry> entries;
  PlatformImage image;
  bool is_index = false;

  // The entry for a platform; "" if there is none. A variant counts only where both have one.
  std::string digestFor(std::string_view platform) const;
};

// RF_TRANSIENT "docker.malformed" with what was expected.
Result<Manifest> parseManifest(std::string_view json);

// What to accept when a manifest is asked for.
extern const char* const kManifestTypes;

}  // namespace redflag::docker
