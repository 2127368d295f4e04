// A plugin's manifest.
#include "host/manifest.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(manifest) {
  const auto json = parseJson(input, {.bytes = 64U << 10U, .depth = 16, .values = 10'000});
  if (!json) return;
  const auto manifest = host::manifestFrom(*json, "manifest");
  if (!manifest) return;
  const auto again = host::manifestFrom(host::toJson(*manifest), "manifest");
  claim(again.has_value(), "a manifest reads back");
  claim(host::firstDifference(*manifest, *again).empty(), "a manifest reads back as it was");
  claim(host::signedText(*manifest) == host::signedText(*again), "what its publisher signs stays the same");
}

}  // namespace redflag::fuzz
