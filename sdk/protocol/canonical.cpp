#include "protocol/canonical.h"

namespace redflag::protocol {

void CanonicalWriter::count(std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8)
    out_.push_back(static_cast<char>((value >> shift) & 0xFFU));
}

void CanonicalWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  for (unsigned shift = 0; shift < 64; shift += 8)
    out_.push_back(static_cast<char>((bits >> shift) & 0xFFU));
}

void CanonicalWriter::bytes(std::string_view value) {
  count(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
}

void CanonicalWriter::domain(std::string_view value) {
  out_.append(value);
  out_.push_back('\0');
}

std::string_view CanonicalReader::take(std::size_t size) {
  if (!ok_ || size > in_.size()) {
    ok_ = false;
    return {};
  }
  const std::string_view part = in_.substr(0, size);
  in_.remove_prefix(size);
  return part;
}

std::uint64_t CanonicalReader::little(std::size_t size) {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char c : take(size)) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(c)) << shift;
    shift += 8;
  }
  return value;
}

std::uint32_t CanonicalReader::count(std::uint32_t max) {
  const auto value = static_cast<std::uint32_t>(little(4));
  if (value > max) ok_ = false;
  return ok_ ? value : 0;
}

std::int64_t CanonicalReader::integer() {
  return static_cast<std::int64_t>(little(8));
}

std::string CanonicalReader::bytes(std::size_t max) {
  const auto size = static_cast<std::uint32_t>(little(4));
  if (size > max) ok_ = false;
  return std::string(take(size));
}

}  // namespace redflag::protocol
