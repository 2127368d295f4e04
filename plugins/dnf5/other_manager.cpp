#include "other_manager.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <optional>

namespace redflag::dnf5 {
namespace {

std::string trimmed(std::string text) {
  constexpr const char* kSpace = " \t\r";
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  text.erase(text.find_last_not_of(kSpace) + 1);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool isYes(const std::string& value) {
  return value == "yes" || value == "true" || value == "1" || value == "on";
}

// What a file says of it; nullopt: nothing.
std::optional<bool> appliesUpdates(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::optional<bool> applies;
  bool is_commands = false;
  for (std::string line; std::getline(in, line);) {
    line = trimmed(std::move(line));
    if (line.starts_with('[')) is_commands = line == "[commands]";
    const auto equals = line.find('=');
    if (!is_commands || equals == std::string::npos) continue;
    if (trimmed(line.substr(0, equals)) == "apply_updates") applies = isYes(trimmed(line.substr(equals + 1)));
  }
  return applies;
}

}  // namespace

std::string otherManager(const std::filesystem::path& root) {
  const auto isEnabled = [&](const char* timer) {
    std::error_code error;
    return std::filesystem::is_symlink(root / "etc/systemd/system/timers.target.wants" / timer, error);
  };
  // The second is what the first is also called, as dnf 4's was.
  if (!isEnabled("dnf5-automatic.timer") && !isEnabled("dnf-automatic.timer")) return {};
  const auto own = appliesUpdates(root / "etc/dnf/automatic.conf");
  const auto applies = own ? own : appliesUpdates(root / "usr/share/dnf5/dnf5-plugins/automatic.conf");
  return applies.value_or(false) ? "dnf5-automatic" : "";
}

}  // namespace redflag::dnf5
