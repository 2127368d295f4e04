#include "host/reporter.h"

#include <algorithm>

#include "host/json_text.h"
#include "protocol/limits.h"

namespace redflag::host {
namespace {

constexpr std::uint32_t kMaxReports = protocol::kMaxScanReports - 1;  // and one of the host's own
constexpr std::uint32_t kMaxLines = 100'000;
constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxCodeBytes = 128;

bool isCode(std::string_view code) {
  return code.size() <= kMaxCodeBytes && code.find('.') != std::string_view::npos && code.front() != '.' &&
         code.back() != '.' && code.find("..") == std::string_view::npos &&
         code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

void member(std::string& out, std::string_view name, std::string_view text) {
  out.push_back(out.empty() ? '{' : ',');
  appendJsonText(out, name);
  out.push_back(':');
  appendJsonText(out, text);
}

}  // namespace

bool Reporter::mayTell(std::atomic<std::uint32_t>& count, std::uint32_t limit, std::string_view what) {
  const std::uint32_t before = count.fetch_add(1);
  if (before < limit) return true;
  count = limit + 1;  // never wraps
  if (before == limit) {
    std::string out;
    member(out, "level", "warning");
    member(out, "text", "the plugin has used up its budget of " + std::string(what) + "; more are dropped");
    channel_.send(FrameType::kLog, out + "}");
  }
  return false;
}

void Reporter::send(rf_status status, std::string_view code, std::string_view text) {
  std::string out;
  member(out, "status", statusName(status));
  member(out, "code", code);
  member(out, "text", readable(text, kMaxLineBytes));
  channel_.send(FrameType::kReport, out + "}");
}

rf_status Reporter::report(rf_status status, std::string_view code, std::string_view text) {
  if (!mayTell(reports_, kMaxReports, "reports")) return RF_LIMIT;
  const bool good = isCode(code);
  send(status, good ? code : "plugin.bad_report", text);
  return good ? RF_OK : RF_INVALID;
}

void Reporter::conclude(rf_status status, std::string_view code, std::string_view text) {
  send(status, code, text);
}

void Reporter::reportOnce(rf_status status, std::string_view code, const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    if (told_.size() >= kMaxReports || !told_.insert(text).second) return;
  }
  report(status, code, text);
}

void Reporter::log(std::string_view level, std::string_view text) {
  if (!mayTell(lines_, kMaxLines, "log lines")) return;
  std::string out;
  member(out, "level", level);
  member(out, "text", readable(text, kMaxLineBytes));
  channel_.send(FrameType::kLog, out + "}");
}

void Reporter::progress(std::int32_t percent, std::string_view text) {
  if (!mayTell(lines_, kMaxLines, "log lines")) return;
  std::string out = R"({"percent":)";
  appendJsonInt(out, std::clamp(percent, 0, 100));
  member(out, "text", readable(text, kMaxLineBytes));
  channel_.send(FrameType::kProgress, out + "}");
}

void Reporter::progressLine(std::string_view text) {
  if (!mayTell(lines_, kMaxLines, "log lines")) return;
  std::string out;
  member(out, "line", readable(text, kMaxLineBytes));
  channel_.send(FrameType::kProgress, out + "}");
}

}  // namespace redflag::host
