#pragma once
// How to make a container once more from what an engine says of it. Engines tell a container's settings and
// its image's defaults as one; what came from the old image is taken out, so that the new image's takes its
// place. Source: Docker Engine API 1.41, container create and inspect.

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace redflag::docker {

struct Recreation {
  Json body;  // for the engine to create it
  // Networks it is connected to afterwards: at its creation there can be one.
  std::vector<std::pair<std::string, Json>> more_networks;
};

// `image` is the old image as inspected; null: it is gone, and everything counts as the container's own.
// Volumes without a name of their own are named, so that the new container has the same ones.
Recreation recreationOf(const Json& container, const Json& image);

}  // namespace redflag::docker
