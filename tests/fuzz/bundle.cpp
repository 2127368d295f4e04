// The enrolment bundle, as a person pastes it.
#include "protocol/bundle.h"

#include "base/encoding.h"
#include "fuzz.h"

namespace redflag::fuzz {
namespace {

void check(std::string_view text) {
  const auto bundle = protocol::decodeBundle(text);
  if (!bundle) return;
  claim(bundle->authorities.size() >= 2, "an agent is never left with one authority");
  const auto again = protocol::encodeBundle(*bundle);
  claim(again.has_value(), "what was decoded can be encoded");
  const auto back = protocol::decodeBundle(*again);
  claim(back.has_value() && back->urls == bundle->urls && back->token == bundle->token &&
            back->authorities == bundle->authorities && back->root.sha256 == bundle->root.sha256,
        "it reads back");
}

}  // namespace

REDFLAG_FUZZ(bundle) {
  check(input);
  check("rfb1." + toBase64Url(input));  // the document inside
}

}  // namespace redflag::fuzz
