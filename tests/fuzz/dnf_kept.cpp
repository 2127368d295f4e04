// What a scan of dnf's kept for the next one.
#include "fuzz.h"
#include "picture.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(dnf_kept) {
  const auto kept = dnf::decodePicture(input);
  if (!kept) return;
  const auto text = dnf::encodePicture(*kept);
  const auto again = dnf::decodePicture(text);
  claim(again && dnf::encodePicture(*again) == text, "what is kept reads back");
}

}  // namespace redflag::fuzz
