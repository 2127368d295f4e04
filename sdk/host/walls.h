#pragma once
// The walls around a run. They last for its process's whole life and bind all that it starts.

#include <vector>

namespace redflag::host {

// "files", "network", "system_calls": stable, shown to people.
struct Wall {
  const char* name;
  bool standing = false;
};

// What this system can build, found out by asking it; builds nothing.
//  files         Landlock: nothing is opened but what a run was granted
//  network       seccomp: no socket, so no connection
//  system_calls  seccomp: no mount, trace, namespace or kernel interface of root's; no signal to the starter
std::vector<Wall> possibleWalls();

}  // namespace redflag::host
