#pragma once

#include "dnf_root.h"
#include "support/updater_run.h"
#include "updater.h"

namespace redflag::test {

class UpdaterOf : public UpdaterRun<dnf::DnfUpdater, dnf::Settings> {
 public:
  explicit UpdaterOf(const DnfRoot& root) {
    settings.root = root.path(), settings.cache_dir = root.cacheDir();
  }
};

}  // namespace redflag::test
