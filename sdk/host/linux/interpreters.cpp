#include "host/linux/interpreters.h"

#include <elf.h>

#include <array>
#include <cstring>
#include <fstream>
#include <string>

namespace redflag::host {
namespace {

constexpr std::size_t kLongest = 4;           // a script's script's interpreter and its loader
constexpr std::size_t kFirstLineBytes = 256;  // what the kernel looks at

std::string bytesAt(std::ifstream& file, std::uint64_t offset, std::size_t size) {
  std::string out(size, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(out.data(), static_cast<std::streamsize>(size));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

std::string ofFirstLine(std::string_view head) {
  const auto line = head.substr(2, head.find('\n') - 2);
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_first_of(" \t\r", begin) - begin));
}

std::string ofElfHeader(std::ifstream& file) {
  Elf64_Ehdr header{};
  const auto head = bytesAt(file, 0, sizeof header);
  if (head.size() < sizeof header || head[EI_CLASS] != ELFCLASS64) return {};
  std::memcpy(&header, head.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part{};
    const auto bytes = bytesAt(file, header.e_phoff + i * sizeof part, sizeof part);
    if (bytes.size() < sizeof part) return {};
    std::memcpy(&part, bytes.data(), sizeof part);
    if (part.p_type != PT_INTERP || part.p_filesz == 0 || part.p_filesz > 4096) continue;
    return bytesAt(file, part.p_offset, part.p_filesz - 1);
  }
  return {};
}

std::string interpreterOf(const std::filesystem::path& program) {
  std::ifstream file(program, std::ios::binary);
  const auto head = bytesAt(file, 0, kFirstLineBytes);
  if (head.starts_with("#!")) return ofFirstLine(head);
  return head.starts_with(ELFMAG) ? ofElfHeader(file) : std::string();
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
