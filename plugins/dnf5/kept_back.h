#pragma once
// What dnf5 would leave out of an upgrade of everything, because its solver finds no way for it. Of that it
// has no answer for machines: the table of a transaction that is not carried out says what it would bring.

#include <set>
#include <string>

#include "client.h"
#include "problem.h"

namespace redflag::dnf5 {

// Whole names (`nevraOf`) of all that such an upgrade would bring; changes nothing and fetches nothing.
// "dnf5.kept_back_unknown": it did not say so, or not in words that are understood.
Result<std::set<std::string>> chosenBySolver(const Client& client);

}  // namespace redflag::dnf5
