#include "reboot.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace redflag::apt {
namespace {
constexpr std::size_t kMaxPackages = 1000;
}

RebootRequest readRebootRequest(const std::string& root) {
  RebootRequest request;
  const auto note = std::filesystem::path(root) / "run/reboot-required";
  std::error_code error;
  request.required = std::filesystem::exists(note, error);
  if (!request.required) return request;
  std::ifstream packages(note.string() + ".pkgs");
  for (std::string line; request.packages.size() < kMaxPackages && std::getline(packages, line);)
    if (!line.empty() &&
        std::find(request.packages.begin(), request.packages.end(), line) == request.packages.end())
      request.packages.push_back(line);
  return request;
}

}  // namespace redflag::apt
