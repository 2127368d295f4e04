#include "link/event_stream.h"

#include <utility>

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxData = 4096;

}  // namespace

std::optional<StreamEvent> EventStreamParser::feed(std::string_view line) {
  if (line.empty()) {
    const bool complete = has_data_ || named_;
    StreamEvent event = std::exchange(event_, {});
    has_data_ = named_ = false;
    if (!complete) return std::nullopt;
    if (event.event.empty()) event.event = "message";
    return event;
  }
  const auto colon = line.find(':');
  const std::string_view field = line.substr(0, colon);  // a comment has none
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.event = value;
    named_ = true;
  } else if (field == "data" && event_.data.size() + value.size() < kMaxData) {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
  return std::nullopt;
}

}  // namespace redflag::kernel
