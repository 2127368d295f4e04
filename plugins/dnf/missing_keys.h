#pragma once
// A package that dnf refused because rpm's database does not have the key that signed it.

#include <string>

#include "plan.h"

namespace redflag::dnf {

// Whether a line of dnf's is about a key that is missing. It may be followed by many that are not.
bool mentionsKeys(const std::string& line);

// What an administrator has to do about it, with the packages' names, out of those lines; "": dnf ended
// for another reason. dnf looks at signatures before it changes anything.
std::string sentenceOnMissingKeys(const Plan& plan, const std::string& words);

}  // namespace redflag::dnf
