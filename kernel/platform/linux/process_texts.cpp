#include "platform/linux/process_texts.h"

#include <algorithm>

namespace redflag::platform {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr int kFieldsBeforeFile = 5;  // range, permissions, offset, device, inode
constexpr std::size_t kExecutable = 2;

// Takes it off the front of `line`.
std::string_view nextField(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto field = line.substr(0, end);
  line.remove_prefix(std::min(line.find_first_not_of(' ', end), line.size()));
  return field;
}

}  // namespace

// By the number of fields: what a program calls its memory ("[anon:/usr/bin/x]") has no path in it.
std::string_view executedFile(std::string_view line) {
  nextField(line);
  const auto permissions = nextField(line);
  if (permissions.size() <= kExecutable || permissions[kExecutable] != 'x') return {};
  for (int field = 2; field < kFieldsBeforeFile; ++field)
    nextField(line);
  return line.starts_with('/') ? line : std::string_view();
}

bool isMarkedGone(std::string_view file) {
  return file.ends_with(kDeleted);
}

std::string_view withoutMark(std::string_view file) {
  if (isMarkedGone(file)) file.remove_suffix(kDeleted.size());
  return file;
}

bool isTemporary(std::string_view path) {
  return path.find("/tmp/") != std::string_view::npos || path.find("/temp/") != std::string_view::npos ||
         path.ends_with(".tmp");
}

// "0::/system.slice/ssh.service", "1:name=systemd:/system.slice/ssh.service". By its first two colons: a
// folder's name may have others in it.
std::string_view controlGroup(std::string_view line) {
  const auto number_end = line.find(':');
  if (number_end == std::string_view::npos) return {};
  const auto controllers_end = line.find(':', number_end + 1);
  if (controllers_end == std::string_view::npos) return {};
  const auto controllers = line.substr(number_end + 1, controllers_end - number_end - 1);
  const bool is_unified = line.starts_with("0:") && controllers.empty();
  const auto path = line.substr(controllers_end + 1);
  return (is_unified || controllers == "name=systemd") && path != "/" ? path : std::string_view();
}

}  // namespace redflag::platform
