#pragma once
// Which packages that only a reboot brings into use were installed since the machine was started: by rpm.
// Where dpkg is, packages ask for a reboot themselves (/run/reboot-required).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "redflag/sdk.hpp"

namespace redflag::system {

class RebootPackages {
 public:
  explicit RebootPackages(const rf::Host& host) : files_(host), exec_(host) {}
  // Names, in their order. `with_kernels`: where nothing better tells of these.
  std::vector<std::string> installedSinceStart(bool with_kernels) const;

 private:
  // Of the machine, or of the container that this is; seconds since the epoch, 0: unknown.
  std::int64_t startedAt() const;

  rf::File files_;
  rf::Exec exec_;
};

// How long after its machine's start process 1 began, in seconds, by /proc/1/stat; 0: unknown.
std::int64_t firstProcessAge(std::string_view stat);

}  // namespace redflag::system
