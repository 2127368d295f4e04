#pragma once
// dnf5's table of a transaction, as the steps of a plan.

#include <map>
#include <string>
#include <vector>

#include "answers.h"
#include "common/order.h"
#include "installed.h"
#include "problem.h"
#include "transaction_table.h"

namespace redflag::dnf5 {

using Offers = std::map<std::string, Package>;  // what repositories have, by whole name

// "name-[epoch:]version-release.arch", without an epoch of 0.
std::string nevraOf(const std::string& name, const std::string& evr, const std::string& arch);

struct Known {
  const InstalledPackages& installed;
  const Offers& offers;  // everything that the rows bring
  const std::vector<Advisory>& advisories;
};

// RF_INTERNAL "dnf5.malformed": a row is about a package that is neither installed nor offered.
Result<plugin::Plan> planOf(const std::vector<Row>& rows, const Known& known,
                            const std::vector<plugin::Wanted>& wanted);

}  // namespace redflag::dnf5
