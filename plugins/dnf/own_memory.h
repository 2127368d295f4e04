#pragma once
// What is remembered of the scanner's own copy of metadata, in a file beside it.

#include <cstdint>
#include <map>
#include <string>

#include "own_metadata.h"

namespace redflag::dnf {

struct OwnMemory {
  std::string inputs;  // the sources and settings with which it was fetched
  std::int64_t attempted_at = 0;
  std::map<std::string, OwnState> repositories;

  // A file that is missing or not understood is as one that remembers nothing.
  static OwnMemory read(const std::string& file);
  void write(const std::string& file) const;
};

}  // namespace redflag::dnf
