#pragma once
// apt's sources, read so that one bad entry costs only itself. apt gives up at the first.

#include <memory>
#include <vector>

#include "session.h"

class pkgSourceList;

namespace redflag::apt {

// Reads them as apt does; only if that fails, entry by entry, naming the files with entries that were left
// out, and in any case those that may not be read.
std::unique_ptr<pkgSourceList> readSources(std::vector<BrokenSource>& broken);

}  // namespace redflag::apt
