#pragma once
// Memory that a short-lived program is sure to need.

#include <cstddef>

namespace redflag::host {

// Takes the next `bytes` of the heap from the system in one call. Without it each page costs an exception of
// its own when it is first touched: where the machine is virtual, that is most of what a process of some
// milliseconds does. Call it before any thread; a system that has not so much, or does not know the call,
// gives pages as they are touched.
void takeHeapAtOnce(std::size_t bytes);

}  // namespace redflag::host
