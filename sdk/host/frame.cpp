#include "host/frame.h"

#include <array>

#include "redflag/abi.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxKeyBytes = 64;

constexpr std::array<const char*, 11> kStatusNames = {
    "ok",          "transient", "permanent",      "denied",        "cancelled", "limit",
    "unsupported", "invalid",   "not_applicable", "misconfigured", "internal"};
static_assert(kStatusNames.size() == RF_INTERNAL + 1);

std::uint32_t byteAt(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

bool isKnown(std::uint8_t type) {
  return (type >= static_cast<std::uint8_t>(FrameType::kHello) &&
          type <= static_cast<std::uint8_t>(FrameType::kResultPart)) ||
         (type >= static_cast<std::uint8_t>(FrameType::kLoad) &&
          type <= static_cast<std::uint8_t>(FrameType::kCancel));
}

}  // namespace

std::string encodeFrame(FrameType type, std::string_view payload) {
  std::string out;
  out.reserve(kFrameHeaderBytes + payload.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(payload.size() >> shift)));
  }
  out.push_back(static_cast<char>(type));
  out.append(payload);
  return out;
}

std::string encodeState(std::string_view key, std::string_view value) {
  std::string out;
  out.reserve(2 + key.size() + value.size());
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(key.size())));
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(key.size() >> 8U)));
  out.append(key).append(value);
  return out;
}

Result<std::pair<std::string, std::string>> decodeState(std::string_view payload) {
  if (payload.size() < 2) return fail(Code::kInvalid, "state frame: shorter than its key's length");
  const std::size_t key_size = byteAt(payload, 0) | (byteAt(payload, 1) << 8U);
  if (key_size == 0 || key_size > kMaxKeyBytes || payload.size() < 2 + key_size) {
    return fail(Code::kInvalid, "state frame: expected a key of 1 to 64 bytes");
  }
  const std::string key(payload.substr(2, key_size));
  if (!isStateKey(key))
    return fail(Code::kInvalid, "state frame: the key has other characters than a-z 0-9 . _ -");
  return std::make_pair(key, std::string(payload.substr(2 + key_size)));
}

bool isStateKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyBytes &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

void FrameDecoder::feed(std::string_view bytes) {
  if (broken_) return;
  // Consumed bytes are dropped once they outweigh what is kept, so that each byte is moved about once.
  if (offset_ > buffered()) {
    buffer_.erase(0, offset_);
    offset_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<Frame>> FrameDecoder::next() {
  if (broken_) return fail(Code::kInvalid, "the stream is not made of frames");
  const std::string_view rest = std::string_view(buffer_).substr(offset_);
  if (rest.size() < kFrameHeaderBytes) return std::nullopt;
  const std::size_t size =
      byteAt(rest, 0) | (byteAt(rest, 1) << 8U) | (byteAt(rest, 2) << 16U) | (byteAt(rest, 3) << 24U);
  const auto type = static_cast<std::uint8_t>(rest[4]);
  if (size > max_frame_bytes_ || !isKnown(type)) {
    broken_ = true;
    buffer_.clear();
    offset_ = 0;
    if (!isKnown(type)) return fail(Code::kInvalid, "frame of unknown type " + std::to_string(type));
    return fail(Code::kInvalid, "frame of " + std::to_string(size) + " bytes, at most " +
                                    std::to_string(max_frame_bytes_) + " are allowed");
  }
  if (rest.size() < kFrameHeaderBytes + size) return std::nullopt;
  offset_ += kFrameHeaderBytes + size;
  return Frame{static_cast<FrameType>(type), std::string(rest.substr(kFrameHeaderBytes, size))};
}

const char* statusName(std::int32_t status) {
  if (status < RF_OK || status > RF_INTERNAL) return "internal";
  return kStatusNames[static_cast<std::size_t>(status)];
}

Result<std::int32_t> statusFromName(std::string_view name) {
  for (std::size_t i = 0; i < kStatusNames.size(); ++i) {
    if (name == kStatusNames[i]) return static_cast<std::int32_t>(i);
  }
  return fail(Code::kInvalid, "\"" + std::string(name.substr(0, 32)) + "\" is no status");
}

}  // namespace redflag::host
