#pragma once
// Releases of kernels, as `uname -r` and the images in /boot are called: "6.1.0-37-cloud-amd64".

#include <string_view>

namespace redflag {

// Less than 0, 0 or more than 0; runs of digits count as numbers.
int compareReleases(std::string_view a, std::string_view b);

// Whether one may be an update of the other: both "cloud-amd64".
bool isSameFlavour(std::string_view a, std::string_view b);

}  // namespace redflag
