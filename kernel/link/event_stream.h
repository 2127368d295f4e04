#pragma once
// Server-sent events, line by line, as far as a doorbell needs them.

#include <optional>
#include <string>
#include <string_view>

namespace redflag::kernel {

struct StreamEvent {
  std::string event;  // "message" when not named
  std::string data;
};

class EventStreamParser {
 public:
  // An event when `line` (without its end) is the empty line that completes one.
  std::optional<StreamEvent> feed(std::string_view line);

 private:
  StreamEvent event_;
  bool has_data_ = false;
  bool named_ = false;
};

}  // namespace redflag::kernel
