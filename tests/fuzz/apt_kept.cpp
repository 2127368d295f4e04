// What a scan of apt's kept for the next one.
#include "fuzz.h"
#include "picture.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(apt_kept) {
  const auto kept = apt::decodePicture(input);
  if (!kept) return;
  const auto text = apt::encodePicture(*kept);
  const auto again = apt::decodePicture(text);
  claim(again && apt::encodePicture(*again) == text, "what is kept reads back");
}

}  // namespace redflag::fuzz
