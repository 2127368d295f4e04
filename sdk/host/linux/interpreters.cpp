#include "host/linux/interpreters.h"

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "host/linux/elf.h"

namespace redflag::host {
namespace {

constexpr std::size_t kLongest = 4;           // a script's script's interpreter and its loader
constexpr std::size_t kFirstLineBytes = 256;  // what the kernel looks at

std::string ofFirstLine(std::string_view head) {
  const auto line = head.substr(2, head.find('\n') - 2);
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_first_of(" \t\r", begin) - begin));
}

std::string interpreterOf(const std::filesystem::path& program) {
  std::ifstream file(program, std::ios::binary);
  std::array<char, kFirstLineBytes> head{};
  file.read(head.data(), head.size());
  const std::string_view text(head.data(), static_cast<std::size_t>(file.gcount()));
  if (text.starts_with("#!")) return ofFirstLine(text);
  const auto elf = readElf(program);
  return elf ? elf->interpreter : std::string();
}

}  // namespace

std::vector<std::filesystem::path> withInterpreters(const std::filesystem::path& program) {
  std::vector<std::filesystem::path> found{program};
  while (found.size() < kLongest) {
    auto next = interpreterOf(found.back());
    if (!next.starts_with('/')) break;
    found.emplace_back(std::move(next));
  }
  return found;
}

}  // namespace redflag::host
