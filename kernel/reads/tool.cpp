#include "reads/tool.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "platform/duplex_pipe.h"
#include "platform/process.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kToolTickNs = 50 * kMillisecondNs;  // how soon `stopping` is seen

platform::SpawnOptions toolOptions(const std::filesystem::path& program,
                                   const std::vector<std::string>& arguments, int output) {
  platform::SpawnOptions options;
  options.program = program;
  options.arguments = arguments;
  options.environment = {"LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  options.descriptors = {{STDOUT_FILENO, output}};
  options.limits = {.cpu_s = 30, .memory_bytes = 256U << 20U, .open_files = 64, .file_bytes = 1U << 20U};
  return options;
}

Result<std::string> readToEnd(platform::DuplexPipe& pipe, std::size_t max_bytes, std::int64_t until_ns,
                              const std::atomic<bool>& stopping) {
  std::string text;
  std::array<char, 65536> chunk{};
  for (;;) {
    const std::int64_t left = until_ns - monotonicNow();
    if (stopping || left <= 0)
      return fail(Code::kUnavailable, stopping ? "was stopped" : "was not done in time");
    const auto ready = pipe.wait(false, std::min(left, kToolTickNs));
    if (!ready) return tl::unexpected<Error>(ready.error());
    if (!ready->readable) continue;
    const auto got = pipe.read(chunk.data(), chunk.size());
    if (!got) return tl::unexpected<Error>(got.error());
    if (!*got) continue;
    if (**got == 0) return text;
    if (text.size() + **got > max_bytes)
      return fail(Code::kLimit, "it prints more than " + std::to_string(max_bytes) + " bytes");
    text.append(chunk.data(), **got);
  }
}

}  // namespace

Result<ToolOutput> runTool(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                           std::size_t max_bytes, std::int64_t until_ns, const std::atomic<bool>& stopping) {
  std::error_code error;
  if (!std::filesystem::exists(program, error))
    return fail(Code::kNotFound, program.string() + " is not installed");
  auto pipe = platform::DuplexPipe::create();
  if (!pipe) return tl::unexpected<Error>(pipe.error());
  auto process = platform::Process::spawn(toolOptions(program, arguments, pipe->childEnd()));
  if (!process) return tl::unexpected<Error>(process.error());
  pipe->closeChildEnd();
  auto text = readToEnd(*pipe, max_bytes, until_ns, stopping);
  if (!text) return failAt(program.string(), text.error());
  const auto ended = process->wait(std::max<std::int64_t>(until_ns - monotonicNow(), 0));
  if (!ended || !ended->exited) return fail(Code::kUnavailable, program.string() + ": did not end by itself");
  return ToolOutput{ended->code, std::move(*text)};
}

}  // namespace redflag::kernel
