#pragma once
// Another program that installs updates on this machine by itself.

#include <filesystem>
#include <string>

namespace redflag::dnf5 {

// "dnf5-automatic" where its timer is enabled and its configuration lets it install, else "". `root`: "/", or
// another machine's folder. Source: dnf5-automatic(8).
std::string otherManager(const std::filesystem::path& root);

}  // namespace redflag::dnf5
