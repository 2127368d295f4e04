#pragma once
// How the system tells a long-running program to stop or to read its configuration again.

#include <cstdint>

namespace redflag::platform {

enum class Wish { kNone, kStop, kReload };

// Make one in main before any thread is started: from then on SIGTERM, SIGINT and SIGHUP only reach wait().
class Lifetime {
 public:
  Lifetime();
  // kNone after the time.
  Wish wait(std::int64_t timeout_ns);
};

// No core dumps and no tracing by other processes of this user (the agent's key is in memory).
void forbidCoreDumps();
// For a program that mostly waits: few heaps for all its threads, and freed memory goes back soon. Before any
// thread.
void keepMemorySmall();
// Between two pieces of work: hands back freed memory, and the code that only they needed. What is called
// again is mapped again, from the page cache. From any thread.
void trimMemory();

}  // namespace redflag::platform
