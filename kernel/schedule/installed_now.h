#pragma once
// What a manager says is installed of what an order was about: package/1 records that go with the scan which
// proves it (protocol/README.md).

#include <string>
#include <vector>

#include "base/json.h"

namespace redflag::kernel {

// What the updater's verify() is asked about `ordered`, a list of {"key","name","arch","version"}.
Json verifyRequest(const Json& ordered);

// As text, of the scope. `told` is what verify() wrote: what fits nothing that was ordered, or would be no
// record, is left out.
std::vector<std::string> installedRecords(const std::string& manager, const std::string& scope,
                                          const Json& ordered, const Json& told);

}  // namespace redflag::kernel
