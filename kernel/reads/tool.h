#pragma once
// One run of a program of the machine's own, for what it prints. Arguments only, no shell, a fixed
// environment.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace redflag::kernel {

struct ToolOutput {
  int exit_code = 0;
  std::string text;  // standard output
};

// kNotFound: no such program. kUnavailable: not done by `until_ns` (monotonic), or `stopping`, or killed; it
// is ended. kLimit: it printed more than max_bytes. Threads: any, each the one that ends with its program.
Result<ToolOutput> runTool(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                           std::size_t max_bytes, std::int64_t until_ns, const std::atomic<bool>& stopping);

}  // namespace redflag::kernel
