#pragma once
// What the running user may not read of apt's settings. libapt passes over such files with a mere warning:
// then an archive, or a pin, would be missing without a word.

#include <string>
#include <vector>

namespace redflag::apt {

// Files, or whole folders of them; as apt would read them, in the configured root.
std::vector<std::string> unreadableSources();
std::vector<std::string> unreadablePreferences();
std::vector<std::string> unreadableConfiguration();

bool mayRead(const std::string& file);

}  // namespace redflag::apt
