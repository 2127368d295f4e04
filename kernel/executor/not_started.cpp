#include "executor/not_started.h"

#include <algorithm>

#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxReason = 1024;
constexpr std::uint32_t kForAllToRead = 0644;

std::filesystem::path reasonFile(const std::filesystem::path& socket) {
  return socket.parent_path() / "not-started";
}

}  // namespace

Result<> noteNotStarted(const std::filesystem::path& socket, const std::string& why) {
  std::string line = why.substr(0, kMaxReason);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return platform::writeFileAtomic(reasonFile(socket), line, kForAllToRead, platform::Durability::kCrash);
}

Result<> forgetNotStarted(const std::filesystem::path& socket) {
  return platform::removeFile(reasonFile(socket));
}

std::string whyNotStarted(const std::filesystem::path& socket) {
  const auto file = reasonFile(socket);
  if (!platform::checkOnlyOursToWrite(file)) return {};
  return platform::readFile(file, kMaxReason).value_or("");
}

}  // namespace redflag::kernel
