#pragma once
// The table of what a transaction would change, which dnf5 prints before it asks whether to go on: of a
// transaction that is not carried out it has no other form. Source: dnf5 in the C locale; recordings of 5.4
// in tests/plugins/dnf5. What is not understood to the last line is refused.

#include <string_view>
#include <vector>

#include "answers.h"
#include "problem.h"

namespace redflag::dnf5 {

enum class Change { kInstall, kInstallDependency, kInstallWeakDependency, kUpgrade, kDowngrade, kRemove };

struct Row {
  Change change = Change::kInstall;
  Package package;                // name, architecture, version and repository alone
  std::vector<Package> replaced;  // installed ones that go for it: its older version, what it obsoletes
};

// An upgrade of everything also names what it leaves out, because no way was found for it.
enum class LeftOut { kRefused, kPassedOver };

// Empty: dnf5 printed none. RF_INTERNAL "dnf5.malformed".
Result<std::vector<Row>> parseTable(std::string_view printed, LeftOut left_out = LeftOut::kRefused);

}  // namespace redflag::dnf5
