#pragma once
// What the header of a program or library says about its file.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace redflag::host {

struct ElfFile {
  std::string interpreter;      // "/lib64/ld-linux-x86-64.so.2"; "": none
  std::uint64_t end_bytes = 0;  // where the last of its parts ends: a shorter file was cut
};

// nullopt: no 64-bit ELF file, or one whose header alone is cut.
std::optional<ElfFile> readElf(const std::filesystem::path& file);

}  // namespace redflag::host
