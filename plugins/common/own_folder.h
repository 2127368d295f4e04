#pragma once
// Where a plugin keeps copies of its own. They are believed when they are read again, so only a folder counts
// that belongs to the very user who runs, closed to all others: root never reads what the scan user wrote.

#include <string>

namespace redflag::plugin {

// A usable folder, made if its parent allows it: `configured`, else /var/cache/redflag/NAME, else
// ~/.cache/redflag/NAME of the running user; "" when there is none.
std::string ownFolder(const std::string& configured, const std::string& name);

}  // namespace redflag::plugin
