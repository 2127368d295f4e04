#include "trust/tuf/fetcher.h"

namespace redflag::kernel::tuf {

Result<std::string> fetchAll(Fetcher& fetcher, const std::string& reference, std::uint64_t max_bytes) {
  std::string content;
  auto ok = fetcher.fetch(reference, max_bytes, [&](std::string_view part) -> Result<> {
    if (part.size() > max_bytes - content.size()) {
      return fail(Code::kLimit, "longer than " + std::to_string(max_bytes) + " bytes");
    }
    content.append(part);
    return {};
  });
  if (!ok) return failAt(reference, ok.error());
  return content;
}

std::string percentEncoded(std::string_view text, Slashes slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos || (c == '/' && slashes == Slashes::kKept);
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
  return out;
}

}  // namespace redflag::kernel::tuf
