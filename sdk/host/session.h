#pragma once
// One run from its start frame to its last frame.

#include "host/isolate.h"

namespace redflag::host {

// Reads the start from `ends.input`, writes everything to `ends.output`. The process's exit code: 0 if kDone
// was delivered. What goes wrong in between is said in the frames, so that the starter has to look in one
// place only.
int runSession(const Endpoints& ends);

}  // namespace redflag::host
