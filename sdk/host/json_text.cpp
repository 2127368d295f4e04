#include "host/json_text.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/encoding.h"

namespace redflag::host {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

void appendJsonText(std::string& out, std::string_view utf8) {
  out.push_back('"');
  std::size_t plain = 0;  // where the run of bytes that need no escape began
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(utf8.substr(plain, i - plain));
    plain = i + 1;
    if (byte < 0x20) {
      out.append("\\u00").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    } else {
      out.append(1, '\\').append(1, utf8[i]);
    }
  }
  out.append(utf8.substr(plain));
  out.push_back('"');
}

void appendJsonInt(std::string& out, std::int64_t value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

void appendJsonReal(std::string& out, double value) {
  std::array<char, 40> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string_view text(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()));
  out.append(text);
  // Digits alone read as a whole number, and from 2^63 on as one that is too large.
  if (text.size() > std::numeric_limits<std::int64_t>::digits10 &&
      text.find_first_of(".e") == std::string_view::npos)
    out.append(".0");
}

std::string readable(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    std::size_t cut = max_bytes;
    while (cut > 0 && isContinuation(text[cut]))
      --cut;
    text = text.substr(0, cut);
  }
  const bool valid = isUtf8(text);
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = ' ';
    if (byte >= 0x80 && !valid) c = '?';
  }
  return out;
}

}  // namespace redflag::host
