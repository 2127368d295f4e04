#pragma once
// `redflag-agent prepare-image`: takes out of this machine what must not be on two machines, so that it may
// become an image. What the admin configured stays. Each copy of the image enrols as an agent of its own.

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/paths.h"

namespace redflag::kernel {

struct ImageRequest {
  platform::Paths paths;                 // of the agent
  std::filesystem::path executor_state;  // of its executor; need not exist
  std::filesystem::path bundle;          // "", or a file with an enrolment bundle…
  std::filesystem::path bundle_place;    // …and where copies of the image look for it
};

struct ImageReport {
  struct Entry {
    std::filesystem::path path;
    std::string what;
  };
  std::vector<Entry> removed;
  std::vector<std::filesystem::path>
      left;                   // in those folders, and not known to this version: somebody's else
  bool bundle_waits = false;  // copies enrol by themselves
};

// Stops nothing by force: kConflict while the agent or its executor runs. kInvalid: the bundle is none, or
// one that re-binds a single agent. Whom it takes out first is the agent's key: an image that was made after
// an interruption holds no second one. Done twice, the second time finds nothing.
Result<ImageReport> prepareImage(const ImageRequest& request);

}  // namespace redflag::kernel
