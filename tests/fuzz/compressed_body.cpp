// A compressed body: it never expands past the limit, whatever it claims.
#include "protocol/compress.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(compressed_body) {
  constexpr std::size_t kMost = 64U << 10U;
  if (const auto bytes = protocol::expand(input, kMost))
    claim(bytes->size() <= kMost, "it stops at the limit");
  const auto packed = protocol::compress(input);
  claim(packed.has_value() && protocol::expand(*packed, input.size()).value_or("no") == input,
        "it comes back");
}

}  // namespace redflag::fuzz
