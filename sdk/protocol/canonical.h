#pragma once
// The canonical byte form under signatures and hashes: fields in a fixed order, each with its length, so that
// no two different values share one form.

#include <cstdint>
#include <string>
#include <string_view>

namespace redflag::protocol {

class CanonicalWriter {
 public:
  void count(std::uint32_t value);      // u32 little-endian
  void integer(std::int64_t value);     // 8 bytes little-endian, two's complement
  void bytes(std::string_view value);   // u32 length, then the bytes
  void domain(std::string_view value);  // the text and one NUL: separates uses of one key or hash
  const std::string& result() const { return out_; }

 private:
  std::string out_;
};

// Reads what CanonicalWriter wrote. After the first short or over-long field ok() is false and every read is
// empty.
class CanonicalReader {
 public:
  explicit CanonicalReader(std::string_view in) : in_(in) {}
  std::uint32_t count(std::uint32_t max);
  std::int64_t integer();
  std::string bytes(std::size_t max);
  bool ok() const { return ok_; }
  bool atEnd() const { return ok_ && in_.empty(); }

 private:
  std::string_view take(std::size_t size);
  std::uint64_t little(std::size_t size);

  std::string_view in_;
  bool ok_ = true;
};

}  // namespace redflag::protocol
