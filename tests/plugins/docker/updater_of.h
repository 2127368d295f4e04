#pragma once

#include "support/updater_run.h"
#include "updater.h"

namespace redflag::test {

class DockerUpdaterOf : public UpdaterRun<docker::DockerUpdater, docker::Settings> {
 public:
  static Json order(const std::string& name, const std::string& digest,
                    const std::string& arch = "linux/amd64") {
    return UpdaterRun::order(name, digest, arch);
  }
};

}  // namespace redflag::test
