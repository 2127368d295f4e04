#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "validator/check.h"

namespace redflag::validator {
namespace {

// Reads a T at `at`, or refuses a file that ends before.
template <class T>
bool readAt(const std::string& file, std::uint64_t at, T& into) {
  if (at > file.size() || file.size() - at < sizeof(T)) return false;
  std::memcpy(&into, file.data() + at, sizeof(T));
  return true;
}

bool isExported(const Elf64_Sym& symbol) {
  const auto bind = ELF64_ST_BIND(symbol.st_info);
  return symbol.st_shndx != SHN_UNDEF && (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
         ELF64_ST_VISIBILITY(symbol.st_other) == STV_DEFAULT;
}

std::string nameAt(const std::string& file, const Elf64_Shdr& strings, std::uint32_t offset) {
  const std::uint64_t at = strings.sh_offset + offset;
  return at < file.size() ? std::string(file.c_str() + at) : std::string();
}

}  // namespace

Result<std::vector<std::string>> exportedSymbols(const std::filesystem::path& library) {
  std::ifstream in(library, std::ios::binary);
  const std::string file((std::istreambuf_iterator<char>(in)), {});
  Elf64_Ehdr header{};
  if (!readAt(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64) {
    return fail(Code::kInvalid, library.string() + ": no 64-bit ELF file");
  }
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    Elf64_Shdr strings{};
    if (!readAt(file, header.e_shoff + i * sizeof(section), section)) break;
    if (section.sh_type != SHT_DYNSYM) continue;
    if (!readAt(file, header.e_shoff + section.sh_link * sizeof(strings), strings)) break;
    Elf64_Sym symbol{};
    for (std::uint64_t at = 0; at < section.sh_size && readAt(file, section.sh_offset + at, symbol);
         at += sizeof(symbol)) {
      if (isExported(symbol)) names.push_back(nameAt(file, strings, symbol.st_name));
    }
  }
  return names;
}

}  // namespace redflag::validator
