#pragma once
// Where in a script a statement is, for people who have to find it.

#include <string>
#include <string_view>

namespace redflag::store::sql {

// "line 12: ", counted from 1, of a part of `script`; behind the white space and the comments it begins with.
std::string placeIn(std::string_view script, std::string_view part);

}  // namespace redflag::store::sql
