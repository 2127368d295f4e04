#pragma once
// Are two answers the same? A machine moves on between two scans; what it is made of does not.

#include <string>
#include <vector>

#include "base/json.h"

namespace redflag::validator {

// A row as text, without what two scans may measure differently: the values of metrics and facts, how full a
// volume is, and the numbers in kinds of third parties.
std::string withoutMeasurements(const Json& row);

// The first that only one of two sorted answers has, or "".
std::string firstDifference(const std::vector<std::string>& one, const std::vector<std::string>& two);

}  // namespace redflag::validator
