#pragma once

#include "support/updater_run.h"
#include "updater.h"

namespace redflag::test {

using UpdaterOf = UpdaterRun<apt::AptUpdater, apt::Settings>;

}  // namespace redflag::test
