#pragma once
// `redflag-agent prepare-image`: takes out of this machine what must not be on two machines, so that it may
// become an image. What the admin configured stays. Each copy of the image enrols as an agent of its own.

#include <filesystem>
#include <string>
#include <vector>

#include "agent/forgetting.h"

namespace redflag::kernel {

struct ImageRequest {
  platform::Paths paths;                 // of the agent
  std::filesystem::path executor_state;  // of its executor; need not exist
  std::filesystem::path bundle;          // "", or a file with an enrolment bundle…
  std::filesystem::path bundle_place;    // …and where copies of the image look for it
};

struct ImageReport {
  std::vector<Forgotten::Entry> removed;
  std::vector<std::filesystem::path> left;
  bool bundle_waits = false;  // copies enrol by themselves
};

// forget(kEverything). kInvalid: the bundle is none, or one that re-binds a single agent.
Result<ImageReport> prepareImage(const ImageRequest& request);

}  // namespace redflag::kernel
