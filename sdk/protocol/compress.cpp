#include "protocol/compress.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>

namespace redflag::protocol {
namespace {

constexpr int kLevel = 3;
constexpr int kMaxWindowLog = 23;
constexpr std::size_t kStep = 64U << 10;

Error expansionError(std::size_t rc) {
  if (ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge) {
    return {Code::kLimit, "zstd: the window is over 8 MiB"};
  }
  return {Code::kInvalid, std::string("zstd: ") + ZSTD_getErrorName(rc)};
}

}  // namespace

Result<std::string> compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0U) return fail(Code::kInternal, std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

Result<std::string> expand(std::string_view bytes, std::size_t max_bytes) {
  const auto tooLong = [max_bytes] {
    return fail(Code::kLimit, "expands to more than " + std::to_string(max_bytes) + " bytes");
  };
  const std::uint64_t stated = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  const bool is_stated = stated != ZSTD_CONTENTSIZE_UNKNOWN && stated != ZSTD_CONTENTSIZE_ERROR;
  if (is_stated && stated > max_bytes) return tooLong();
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context) return fail(Code::kLimit, "zstd: no memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  // Once: growing by doubling would hold a bomb's worth three times over. What is not written takes no
  // memory.
  out.reserve((is_stated ? static_cast<std::size_t>(stated) : max_bytes) + 1);
  std::size_t rc = 1;
  while (rc != 0) {
    const std::size_t before = out.size();
    // One byte past the limit is room enough to see that it is passed.
    out.resize(std::min({before + kStep, max_bytes + 1, out.capacity()}));
    ZSTD_outBuffer step{out.data() + before, out.size() - before, 0};
    rc = ZSTD_decompressStream(context.get(), &step, &in);
    if (ZSTD_isError(rc) != 0U) return tl::unexpected<Error>(expansionError(rc));
    out.resize(before + step.pos);
    if (out.size() > max_bytes) return tooLong();
    if (rc != 0 && step.pos == 0 && in.pos == in.size) return fail(Code::kInvalid, "zstd: cut short");
  }
  if (in.pos != in.size) return fail(Code::kInvalid, "zstd: bytes after the end");
  return out;
}

}  // namespace redflag::protocol
