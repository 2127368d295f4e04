#pragma once
// The right to fetch into one of apt's folders: the file "lock" in it, held as long as the fetcher lives.

#include <cstdint>
#include <string>

#include "problem.h"
#include "redflag/sdk.hpp"

class pkgAcquire;

namespace redflag::apt {

// Waits at most a minute, and not past `until_ns` (monotonic), for another one who fetches there: machines do
// so by themselves twice a day. RF_TRANSIENT `code`, or RF_CANCELLED.
Result<> lockFolder(pkgAcquire& fetcher, const std::string& folder, const std::string& code,
                    std::int64_t until_ns, const rf::Run& run, const rf::Clock& clock,
                    const rf::Progress& progress);

}  // namespace redflag::apt
