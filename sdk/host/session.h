#pragma once
// One run from its start frame to its last frame.

namespace redflag::host {

// Reads the start from `input`, writes everything to `output`. The process's exit code: 0 if kDone was
// delivered. What goes wrong in between is said in the frames, so that the starter has to look in one place
// only.
int runSession(int input, int output);

}  // namespace redflag::host
