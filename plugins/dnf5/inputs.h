#pragma once
// Everything dnf5's answers depend on, as one text: if it is the same, so are they.

#include <filesystem>
#include <string>

namespace redflag::dnf5 {

// Name, inode, size and times of each file that dnf5 reads for a scan: itself, its configuration, what it
// keeps of modules and groups, the rpm database, the metadata. `root`: "/", or another machine's folder.
std::string inputsOf(const std::filesystem::path& root);

}  // namespace redflag::dnf5
