// The names of images, of versions, and of platforms.
#include "fuzz.h"
#include "newer_tag.h"
#include "reference.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(docker_reference) {
  using namespace docker;
  static_cast<void>(isLoopback(input));
  const auto texts = parts(input, 2);
  for (const auto level : {NewerTags::kPatch, NewerTags::kMinor, NewerTags::kMajor}) {
    const auto newer = newerTag(texts.front(), {std::string(texts.back()), "1.2.3", "v2.0.0-alpine"}, level);
    claim(newer.empty() || newer != texts.front(), "a tag is not newer than itself");
  }
  const auto reference = parseReference(input);
  if (!reference) return;
  for (const auto& text : {reference->canonical(), reference->familiar()}) {
    const auto again = parseReference(text);
    claim(again && again->canonical() == reference->canonical(), "a name reads back");
  }
  claim(reference->canonical().find_first_of("\r\n \"\\") == std::string::npos, "a name is a word");
}

}  // namespace redflag::fuzz
