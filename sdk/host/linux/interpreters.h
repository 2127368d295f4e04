#pragma once
// What the kernel starts besides a program: the interpreter of its first line, the loader of its ELF header.

#include <filesystem>
#include <vector>

namespace redflag::host {

// All of them, the program itself first. One that cannot be read, or is neither, has none.
std::vector<std::filesystem::path> withInterpreters(const std::filesystem::path& program);

}  // namespace redflag::host
