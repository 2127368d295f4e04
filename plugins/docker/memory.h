#pragma once
// What is kept between scans: until when a registry is not to be asked, which image is behind a digest, which
// never changes, and which names a registry has answered for.

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "manifest.h"
#include "redflag/sdk.hpp"

namespace redflag::docker {

class Memory {
 public:
  explicit Memory(const rf::State& state);
  // What was neither asked for nor added since is forgotten, but for what spare() names.
  rf::Status keep(const rf::State& state) const;

  // Seconds since the epoch; 0: it may be asked.
  std::int64_t quietUntil(const std::string& registry) const;
  void setQuiet(const std::string& registry, std::int64_t now_s, std::int64_t until_s) {
    quiet_[registry] = {now_s, until_s};
  }
  // Of those whose time is over, or was told by a clock that was ahead and is right by now.
  void endQuiet(std::int64_t now_s);

  const PlatformImage* find(const std::string& registry, const std::string& digest,
                            const std::string& platform);
  const PlatformImage& add(const std::string& registry, const std::string& digest,
                           const std::string& platform, PlatformImage image);
  // Was left in the middle: to ask it again for what is known would only bring it nearer its limit.
  void spare(const std::string& registry) { spared_.insert(registry); }

  // Whether its registry ever had this name, by noteSeen().
  bool wasSeen(const std::string& name);
  void noteSeen(const std::string& name) { seen_now_.insert(name); }

 private:
  struct Quiet {
    std::int64_t since_s = 0;
    std::int64_t until_s = 0;
  };

  std::map<std::string, Quiet> quiet_;
  std::map<std::string, PlatformImage> known_;  // by registry, digest and platform
  std::map<std::string, PlatformImage> used_;
  std::set<std::string> spared_;
  std::set<std::string> seen_;
  std::set<std::string> seen_now_;
};

}  // namespace redflag::docker
