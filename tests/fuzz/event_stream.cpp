// The doorbell's stream, line by line.
#include "link/event_stream.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(event_stream) {
  kernel::EventStreamParser parser;
  std::size_t said = 0;
  for (;;) {
    const auto end = input.find('\n');
    if (const auto event = parser.feed(input.substr(0, end))) said += event->data.size() + 1;
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  static_cast<void>(said);
}

}  // namespace redflag::fuzz
