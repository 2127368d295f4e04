#pragma once
// Is what a repository, or an order, says a name, an architecture, a version? Both come from outside, and go
// on to package managers as arguments and patterns, and to people.

#include <string_view>

namespace redflag::plugin {

// Letters, digits and the few signs that dpkg or rpm let a name, architecture or version have, none of which
// is an option, a path, a pattern, or anything to a shell; at most 256 bytes.
bool isPackageText(std::string_view text);

// Nothing but printable ASCII, at most 256 bytes: what has no grammar and deceives nobody.
bool isPrintableText(std::string_view text);

}  // namespace redflag::plugin
