#include "host/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace redflag::host {
namespace {

constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE: Linux 5.14, later than some headers
constexpr std::size_t kBlock = std::size_t{120} << 10;  // larger ones get a mapping of their own
constexpr int kMaxBlocks = 32;

std::uintptr_t endOfHeap() {
  return reinterpret_cast<std::uintptr_t>(::sbrk(0));
}

// Has malloc grow its heap, if it is smaller, and keep that free; answers where the free part begins.
std::uintptr_t growHeap(std::size_t bytes) {
  std::array<void*, kMaxBlocks> blocks{};
  blocks.front() = std::malloc(kBlock);
  const auto begin = reinterpret_cast<std::uintptr_t>(blocks.front());
  if (endOfHeap() < begin + bytes) {
    ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(2 * bytes));
    for (std::size_t i = 1; i < blocks.size() && endOfHeap() < begin + bytes; ++i)
      blocks.at(i) = std::malloc(kBlock);
  }
  for (void* block : blocks)
    std::free(block);
  return begin;
}

}  // namespace

void takeHeapAtOnce(std::size_t bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t begin = (growHeap(bytes) + page - 1) & ~(page - 1);
  const std::uintptr_t end = std::min(begin + bytes, endOfHeap()) & ~(page - 1);
  // Advice: a refusal changes nothing.
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateWrite);
}

}  // namespace redflag::host
