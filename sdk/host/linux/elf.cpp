#include "host/linux/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace redflag::host {
namespace {

constexpr std::uint64_t kMaxInterpreter = 4096;

std::string bytesAt(std::ifstream& file, std::uint64_t offset, std::size_t size) {
  std::string out(size, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(out.data(), static_cast<std::streamsize>(size));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

template <class Part>
bool readAt(std::ifstream& file, std::uint64_t offset, Part& into) {
  const auto bytes = bytesAt(file, offset, sizeof into);
  if (bytes.size() < sizeof into) return false;
  std::memcpy(&into, bytes.data(), sizeof into);
  return true;
}

}  // namespace

std::optional<ElfFile> readElf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!readAt(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  ElfFile found;
  found.end_bytes = header.e_phoff + std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part{};
    if (!readAt(file, header.e_phoff + i * sizeof part, part)) return found;
    found.end_bytes = std::max(found.end_bytes, part.p_offset + part.p_filesz);
    if (part.p_type == PT_INTERP && part.p_filesz > 0 && part.p_filesz <= kMaxInterpreter)
      found.interpreter = bytesAt(file, part.p_offset, part.p_filesz - 1);
  }
  return found;
}

}  // namespace redflag::host
