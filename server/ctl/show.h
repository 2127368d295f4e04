#pragma once
// Answers as people read them. Nothing is printed that a terminal would obey.

#include <string>
#include <vector>

#include "base/json.h"

namespace redflag::ctl {

// A line a row under a line of names (base/table.h); "" for no rows. `columns`: "client.name" is a member of
// a member; null and what is missing are "-".
std::string tableOf(const std::vector<std::string>& columns, const Json& rows);

// "name: value" line by line, what is inside of something two columns further in.
std::string detailsOf(const Json& value, std::size_t indent = 0);

}  // namespace redflag::ctl
