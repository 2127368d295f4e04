#include "fuzz.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "base/encoding.h"

namespace redflag::fuzz {
namespace {

using TryInput = void (*)(std::string_view);

std::map<std::string, TryInput>& harnesses() {
  static std::map<std::string, TryInput> by_name;
  return by_name;
}

TryInput chosen = nullptr;

}  // namespace

Harness::Harness(const char* name, TryInput try_input) {
  harnesses()[name] = try_input;
}

void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::vector<std::string_view> parts(std::string_view input, std::size_t most) {
  std::vector<std::string_view> out;
  while (out.size() + 1 < most) {
    const auto end = input.find('\f');
    if (end == std::string_view::npos) break;
    out.push_back(input.substr(0, end));
    input.remove_prefix(end + 1);
  }
  out.push_back(input);
  return out;
}

}  // namespace redflag::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  using namespace redflag::fuzz;
  claim(redflag::initCrypto().has_value(), "libsodium starts");
  const char* name = std::getenv("REDFLAG_FUZZ_HARNESS");
  const auto found = harnesses().find(name == nullptr ? "" : name);
  if (found == harnesses().end()) {
    std::fprintf(stderr, "REDFLAG_FUZZ_HARNESS has to be one of these:\n");
    for (const auto& [known, unused] : harnesses())
      std::fprintf(stderr, "  %s\n", known.c_str());
    std::exit(2);
  }
  chosen = found->second;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  redflag::fuzz::chosen({reinterpret_cast<const char*>(data), size});
  return 0;
}
