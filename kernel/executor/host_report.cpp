#include "executor/host_report.h"

#include <algorithm>
#include <utility>

#include "base/time.h"
#include "executor/log.h"
#include "executor/messages.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxText = 2048;
constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxLines = 20'000;  // of one run; the frames file keeps all
constexpr std::size_t kMaxBatch = 200;
constexpr std::int64_t kProgressEveryNs = kSecondNs / 4;

std::string textOf(const Json& json, const char* key, std::size_t max) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_string()) return {};
  return it->get_ref<const std::string&>().substr(0, max);
}

}  // namespace

void HostReport::take(const host::Frame& frame) {
  told_ = true;  // a host says nothing before it was told what to do
  if (frame.type == host::FrameType::kResult || frame.type == host::FrameType::kResultPart) {
    takeResult(frame);
    return;
  }
  if (frame.type == host::FrameType::kState) return;  // updaters keep nothing between runs
  const auto json = parseJson(frame.payload, {.bytes = 64U << 10, .depth = 4, .values = 1000});
  if (!json || !json->is_object()) return;
  switch (frame.type) {
    case host::FrameType::kHello:
      loaded_ = true;
      break;
    case host::FrameType::kReport:
      takeReport(*json);
      break;
    case host::FrameType::kProgress:
      takeProgress(*json);
      break;
    case host::FrameType::kLog:
      logLine(textOf(*json, "level", 16), command_id_ + ": " + textOf(*json, "text", kMaxLine));
      break;
    case host::FrameType::kDone:
      done_ = true;
      status_ = textOf(*json, "status", 32);
      break;
    default:
      break;  // records and scopes are a scanner's
  }
}

void HostReport::takeResult(const host::Frame& frame) {
  if (!std::exchange(result_goes_on_, frame.type == host::FrameType::kResultPart)) result_.clear();
  // What is cut off is not JSON any more, and so not believed.
  if (result_.size() <= host::kMaxResultBytes) result_ += frame.payload;
}

void HostReport::takeReport(const Json& json) {
  code_ = textOf(json, "code", kMaxEventCode);
  text_ = textOf(json, "text", kMaxText);
}

void HostReport::takeProgress(const Json& json) {
  if (json.contains("line")) {
    if (lines_handed_on_ + lines_.size() < kMaxLines) {
      lines_.push_back(textOf(json, "line", kMaxLine));
    } else if (lines_handed_on_ + lines_.size() == kMaxLines) {
      lines_.push_back("… more lines than are shown");
    }
    return;
  }
  const auto percent = json.find("percent");
  if (percent == json.end() || !percent->is_number_integer()) return;
  percent_ = static_cast<int>(std::clamp<std::int64_t>(percent->get<std::int64_t>(), 0, 100));
  step_ = textOf(json, "text", kMaxText);
  progress_waits_ = true;
}

void HostReport::flush(std::int64_t now_ns, std::int64_t monotonic_ns) {
  if (!sink_) return;
  for (std::size_t from = 0; from < lines_.size(); from += kMaxBatch) {
    const auto begin = lines_.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = lines_.begin() + static_cast<std::ptrdiff_t>(std::min(from + kMaxBatch, lines_.size()));
    sink_(logEvent(command_id_, {begin, end}, now_ns));
  }
  lines_handed_on_ += lines_.size();
  lines_.clear();
  if (!progress_waits_ || (monotonic_ns - progress_at_ < kProgressEveryNs && percent_ < 100)) return;
  progress_waits_ = false;
  progress_at_ = monotonic_ns;
  sink_(progressEvent(command_id_, percent_, step_, now_ns));
}

void HostReport::forgetPending() {
  lines_handed_on_ += lines_.size();
  lines_.clear();
}

}  // namespace redflag::kernel
