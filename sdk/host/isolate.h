#pragma once
// What the process does to itself before it loads foreign code.

#include "base/result.h"

namespace redflag::host {

// The starter's descriptors, where a plugin does not stumble over them: their own numbers lead nowhere
// afterwards, children inherit none, a core dump or a debugger's attach shows nothing.
struct Endpoints {
  int input = -1;
  int output = -1;
  int reads = -1;  // host/reads.h; most are given none
};
Result<Endpoints> isolate();

// Ends at once. Not exit(): everything is delivered, and a foreign library's destructors have nothing to add
// but faults.
[[noreturn]] void endProcess(int code);

}  // namespace redflag::host
