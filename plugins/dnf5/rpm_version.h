#pragma once
// Versions of rpm packages, "[epoch:]version[-release]", in their order. Source: rpm's documentation of
// version comparison (rpm-version(7)).

#include <string_view>

namespace redflag::dnf5 {

// < 0: `one` is older; 0: neither is; > 0: `one` is newer. Without a release on either side that is not
// compared.
int compareEvr(std::string_view one, std::string_view other);

}  // namespace redflag::dnf5
