// redflag-host: one plugin library, one run, then gone. Or: the library's manifest.
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "host/isolate.h"
#include "host/library.h"
#include "host/manifest.h"
#include "host/memory.h"
#include "host/session.h"

namespace redflag::host {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr std::size_t kHeapBytes = std::size_t{512} << 10;  // of a scan that finds nothing new

Result<> writeManifest(const std::filesystem::path& library_file, const std::filesystem::path& output) {
  const auto absolute = std::filesystem::absolute(library_file);
  auto library = loadLibrary(absolute);
  if (!library) return tl::unexpected<Error>(library.error());
  auto manifest = describe(*library);
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  auto hash = hashFile(absolute);
  if (!hash) return tl::unexpected<Error>(hash.error());
  manifest->library = absolute;
  manifest->sha256 = std::move(*hash);
  std::ofstream file(output, std::ios::binary | std::ios::trunc);
  file << encodeManifest(*manifest) << std::flush;
  if (!file) return fail(Code::kIo, output.string() + ": cannot be written");
  return {};
}

int serve() {
  takeHeapAtOnce(kHeapBytes);
  auto endpoints = isolate();
  if (!endpoints) {
    std::fprintf(stderr, "redflag-host: %s\n", endpoints.error().text.c_str());
    return kUsage;
  }
  return runSession(*endpoints);
}

int usage() {
  std::fputs(
      "usage: redflag-host --manifest LIBRARY --output FILE\n"
      "Without arguments it serves one run on the descriptors 3 and 4, given by the agent.\n",
      stderr);
  return kUsage;
}

}  // namespace
}  // namespace redflag::host

int main(int argc, char** argv) {
  using namespace redflag::host;
  if (argc == 1) endProcess(serve());
  if (argc != 5 || std::string_view(argv[1]) != "--manifest" || std::string_view(argv[3]) != "--output")
    return usage();
  if (auto written = writeManifest(argv[2], argv[4]); !written) {
    std::fprintf(stderr, "%s: %s\n", argv[2], written.error().text.c_str());
    return kFailed;
  }
  return 0;
}
