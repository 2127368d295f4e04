#pragma once
// Each file system is a scope of its own: one that does not answer says nothing about the others. So are the
// disks, and their health.

#include <cstdint>
#include <string>
#include <vector>

#include "disks.h"
#include "growth.h"
#include "layers.h"
#include "mounts.h"
#include "redflag/sdk.hpp"
#include "usage.h"

namespace redflag::storage {

struct Settings {
  std::vector<std::string> skip_mounts;  // folders; with everything mounted below them
  bool smart = false;                    // ask disks how they are
};

// kInvalid with the member that is wrong.
rf::Value<Settings> parseSettings(std::string_view json);
extern const char* const kSettingsSchema;

class StorageScan {
 public:
  StorageScan(const Settings& settings, const rf::Host& host, rf::Run& run)
      : settings_(settings),
        files_(host),
        state_(host),
        clock_(host),
        run_(run),
        layers_(files_),
        disks_(host, run) {}
  rf::Status scan();

 private:
  // `patiently`: in a process that can be given up.
  void look(const Mount& mount, bool patiently, Growth& growth);
  void tell(const Mount& mount, const Usage& usage, Growth& growth);

  const Settings& settings_;
  rf::File files_;
  rf::State state_;
  rf::Clock clock_;
  rf::Run& run_;
  Layers layers_;
  Disks disks_;
  std::int64_t waited_ns_ = 0;  // for mounts that hang
};

}  // namespace redflag::storage
