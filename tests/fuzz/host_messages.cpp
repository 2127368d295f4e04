// What a host is told at its start, what it asks for while it runs, and capabilities.
#include "fuzz.h"
#include "host/capabilities.h"
#include "host/frame.h"
#include "host/load.h"
#include "host/reads.h"
#include "host/start.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(host_messages) {
  static_cast<void>(host::decodeStart(input));
  static_cast<void>(host::decodeLoad(input));
  if (const auto question = host::decodeQuestion(input))
    claim(host::decodeQuestion(host::encodeQuestion(*question)).has_value(), "a question reads back");
  if (const auto state = host::decodeState(input)) claim(host::isStateKey(state->first), "keys are harmless");
  if (!host::isCapability(input)) return;
  const host::Capabilities granted({std::string(input)});
  claim(!granted.mayRead("/etc/shadow.redflag-fuzz") ||
            granted.readable().size() + granted.writable().size() > 0,
        "nothing is readable that was not granted");
  static_cast<void>(granted.mayExecute("/usr/bin/true"));
}

}  // namespace redflag::fuzz
