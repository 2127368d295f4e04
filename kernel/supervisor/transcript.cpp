#include "supervisor/transcript.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "host/walls.h"
#include "protocol/limits.h"
#include "protocol/record_kinds.h"
#include "redflag/abi.h"

namespace redflag::kernel {
namespace {

using host::FrameType;

constexpr std::size_t kMaxSmallFrame = 16U << 10U;  // every JSON frame but records and results
constexpr std::size_t kMaxStateBytes = 16U << 20U;
constexpr std::size_t kMaxStateValue = 4U << 20U;
constexpr std::size_t kMaxScopeKey = 1024;
constexpr std::uint64_t kMaxLogLines = 110'000;

tl::unexpected<Error> broken(std::string text) {
  return fail(Code::kInvalid, std::move(text));
}

Result<Json> parsed(const host::Frame& frame, std::size_t max_bytes, std::size_t depth) {
  auto json = parseJson(frame.payload, {.bytes = max_bytes, .depth = depth});
  if (!json) return failAt("frame " + std::to_string(static_cast<int>(frame.type)), json.error());
  return json;
}

bool isStatus(const std::string& name) {
  return host::statusFromName(name).has_value();
}

spdlog::level::level_enum levelOf(const std::string& name) {
  if (name == "error") return spdlog::level::err;
  if (name == "warning") return spdlog::level::warn;
  return name == "info" ? spdlog::level::info : spdlog::level::debug;
}

}  // namespace

RunEnd RunOutcome::end() const {
  for (auto report = reports.rbegin(); report != reports.rend(); ++report) {
    if (report->status != "ok") return {run_class, report->code, report->text};
  }
  return {run_class, run_class == RunClass::kOk ? "" : "run." + status, ""};
}

Transcript::Transcript(const RunRequest& request) : request_(request), scans_(request.operation == "scan") {}

Result<> Transcript::feed(std::string_view bytes) {
  decoder_.feed(bytes);
  while (!done_) {
    auto frame = decoder_.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) return {};
    if (auto handled = handle(**frame); !handled) return handled;
  }
  return {};
}

Result<> Transcript::handle(const host::Frame& frame) {
  if (frame.type == FrameType::kState) return state(frame);
  if (auto counted = countOutput(frame.payload.size()); !counted) return counted;
  if (frame.type == FrameType::kRecord) return record(frame);
  if (frame.type == FrameType::kResult || frame.type == FrameType::kResultPart) return result(frame);
  const auto json = parsed(frame, kMaxSmallFrame, 2);
  if (!json) return tl::unexpected<Error>(json.error());
  switch (frame.type) {
    case FrameType::kSealed:
      return sealed(*json);
    case FrameType::kHello:
      return hello(*json);
    case FrameType::kBeginScope:
      return beginScope(*json);
    case FrameType::kEndScope:
      return endScope(*json);
    case FrameType::kReport:
      return report(*json);
    case FrameType::kLog:
      return log(*json);
    case FrameType::kProgress:
      return {};  // nobody watches an unprivileged run
    case FrameType::kDone:
      return lastWord(*json);
    default:
      return broken("a frame that only we may send");
  }
}

Result<> Transcript::countOutput(std::size_t bytes) {
  output_bytes_ += bytes + host::kFrameHeaderBytes;
  if (output_bytes_ <= request_.limits.output_bytes) return {};
  return fail(Code::kLimit, "more than " + std::to_string(request_.limits.output_bytes) + " bytes of output");
}

// Said before the plugin is in the process: later it could say anything.
Result<> Transcript::sealed(const Json& json) {
  if (greeted_ || !outcome_.walls.empty() || !outcome_.reports.empty())
    return broken("walls that are told of too late");
  for (const auto& wall : host::possibleWalls()) {
    const auto stands = json.find(wall.name);
    outcome_.walls[wall.name] = stands != json.end() && *stands == true;
  }
  return {};
}

Result<> Transcript::hello(const Json& json) {
  JsonReader in(json, "hello");
  const std::string id = in.text("id", 128);
  const std::string version = in.text("version", 64);
  const auto major = in.integer("abi_major", 0, UINT32_MAX);
  if (auto read = in.finishIgnoringUnknown(); !read) return read;
  if (greeted_) return broken("a second hello");
  if (id != request_.manifest.id || version != request_.manifest.version || major != RF_ABI_MAJOR) {
    return broken("it says it is " + id + " " + version + ", its manifest says " + request_.manifest.id +
                  " " + request_.manifest.version);
  }
  greeted_ = true;
  return {};
}

Result<> Transcript::beginScope(const Json& json) {
  JsonReader in(json, "scope");
  std::string key = in.text("key", kMaxScopeKey);
  if (auto read = in.finish(); !read) return read;
  if (!scans_ || !greeted_ || open_scope_) return broken("a scope was begun where none may be");
  if (!key.empty() && keys_.size() - keys_.count("") >= protocol::kMaxScanScopes)
    return fail(Code::kLimit, "more than " + std::to_string(protocol::kMaxScanScopes) + " scopes");
  if (!keys_.insert(key).second) return broken("a scope was begun twice");
  open_scope_ = std::move(key);
  return {};
}

Result<> Transcript::endScope(const Json& json) {
  JsonReader in(json, "scope");
  const std::string key = in.text("key", kMaxScopeKey);
  const std::string status = in.text("status", 32);
  if (auto read = in.finish(); !read) return read;
  if (!open_scope_ || *open_scope_ != key || !isStatus(status))
    return broken("a scope was ended that was not open");
  outcome_.scopes.push_back({key, status});
  open_scope_.reset();
  return {};
}

Result<> Transcript::record(const host::Frame& frame) {
  if (!scans_ || !greeted_) return broken("a record where none may be");
  if (outcome_.records.size() >= request_.limits.records) {
    return fail(Code::kLimit, "more than " + std::to_string(request_.limits.records) + " records");
  }
  // The row itself and its lists; the server checks every field.
  const auto json = parsed(frame, protocol::kMaxRecordBytes, 2);
  if (!json) return tl::unexpected<Error>(json.error());
  const auto kind = json->is_object() ? json->find("record") : json->end();
  if (!json->is_object() || kind == json->end() || !kind->is_string() || json->contains("scope")) {
    return broken("a record that is no record");
  }
  const auto& kinds = request_.manifest.record_kinds;
  if (std::find(kinds.begin(), kinds.end(), kind->get_ref<const std::string&>()) == kinds.end()) {
    return broken("a record of a kind that its manifest does not name");
  }
  const bool outside = !open_scope_ || open_scope_->empty();
  rows_outside_ = rows_outside_ || !open_scope_;
  if (outside) {
    outcome_.records.push_back(frame.payload);
    return {};
  }
  const auto brace = frame.payload.find('{');
  outcome_.records.push_back("{\"scope\":" + dumpJson(*open_scope_) + "," + frame.payload.substr(brace + 1));
  return {};
}

Result<> Transcript::report(const Json& json) {
  JsonReader in(json, "report");
  RunReport report{in.text("status", 32), in.text("code", 128), in.text("text", 8192)};
  if (auto read = in.finish(); !read) return read;
  if (!isStatus(report.status)) return broken("a report with no known status");
  if (outcome_.reports.size() >= protocol::kMaxScanReports)
    return fail(Code::kLimit, "more than " + std::to_string(protocol::kMaxScanReports) + " reports");
  outcome_.reports.push_back(std::move(report));
  return {};
}

Result<> Transcript::log(const Json& json) {
  JsonReader in(json, "log");
  const std::string level = in.text("level", 16);
  std::string text = in.text("text", 8192);
  if (auto read = in.finish(); !read) return read;
  // One event, one line: nobody forges another one.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (++log_lines_ > kMaxLogLines)
    return fail(Code::kLimit, "more than " + std::to_string(kMaxLogLines) + " log lines");
  spdlog::log(levelOf(level), "{}: {}", request_.manifest.id, text);
  return {};
}

Result<> Transcript::state(const host::Frame& frame) {
  auto kept = host::decodeState(frame.payload);
  if (!kept) return tl::unexpected<Error>(kept.error());
  if (!greeted_) return broken("state before the hello");
  state_bytes_ += frame.payload.size();
  if (kept->second.size() > kMaxStateValue || state_bytes_ > kMaxStateBytes) {
    return fail(Code::kLimit, "more state than 4 MiB in a value or 16 MiB together");
  }
  outcome_.state[kept->first] = std::move(kept->second);
  return {};
}

Result<> Transcript::result(const host::Frame& frame) {
  if (scans_ || !greeted_ || !outcome_.result.is_null()) return broken("a result where none may be");
  if (result_text_.size() + frame.payload.size() > host::kMaxResultBytes)
    return fail(Code::kLimit, fmt::format("a result of more than {} MiB", host::kMaxResultBytes >> 20U));
  result_text_ += frame.payload;
  if (frame.type == FrameType::kResultPart) return {};
  auto json = parseJson(result_text_,
                        {.bytes = host::kMaxResultBytes, .depth = 16, .values = protocol::kMaxResultValues});
  if (!json) return failAt("result", json.error());
  result_text_ = {};
  if (!json->is_object()) return broken("a result that is no object");
  outcome_.result = std::move(*json);
  return {};
}

Result<> Transcript::lastWord(const Json& json) {
  JsonReader in(json, "done");
  const std::string status = in.text("status", 32);
  if (auto read = in.finish(); !read) return read;
  if (!isStatus(status) || open_scope_ || (status == "ok" && !greeted_))
    return broken("a last word that cannot be");
  if (status == "ok" && rows_outside_ && !keys_.contains("")) return broken("rows outside of every scope");
  outcome_.status = status;
  done_ = true;
  return {};
}

// A source that fails beside others that answer says nothing about the plugin.
bool Transcript::isOneSources(const std::string& status) const {
  if (!scans_ || (status != "transient" && status != "permanent")) return false;
  const auto anyEndedAs = [&](const std::string& end) {
    return std::any_of(outcome_.scopes.begin(), outcome_.scopes.end(),
                       [&](const auto& scope) { return !scope.key.empty() && scope.status == end; });
  };
  return anyEndedAs("ok") && anyEndedAs(status);
}

// A host that could not even load the plugin, and a plugin that goes on after it was told to stop, are no
// ordinary failures.
RunClass Transcript::classOf(const std::string& status) const {
  if (status == "ok") return RunClass::kOk;
  if (status == "not_applicable" || status == "denied" || status == "misconfigured" ||
      status == "cancelled" || (status == "unsupported" && greeted_)) {
    return RunClass::kNeutral;
  }
  const std::string code = outcome_.reports.empty() ? "" : outcome_.reports.back().code;
  const bool contract = !greeted_ || code == "plugin.broken_contract" || code == "plugin.runaway";
  if (contract) return RunClass::kBrokenContract;
  return isOneSources(status) ? RunClass::kNeutral : RunClass::kFailure;
}

void Transcript::closeScopes(const std::string& status) {
  if (open_scope_) outcome_.scopes.push_back({*open_scope_, status});
  open_scope_.reset();
  if (!scans_) return;
  if ((rows_outside_ && !keys_.contains("")) || outcome_.scopes.empty())
    outcome_.scopes.push_back({"", status});
}

RunOutcome Transcript::finish() {
  closeScopes(outcome_.status);
  outcome_.run_class = classOf(outcome_.status);
  outcome_.complete =
      outcome_.status == "ok" && std::all_of(outcome_.scopes.begin(), outcome_.scopes.end(),
                                             [](const auto& scope) { return scope.status == "ok"; });
  if (outcome_.status != "ok") outcome_.state.clear();
  return std::move(outcome_);
}

RunOutcome Transcript::finishWithout(std::string_view status, RunClass run_class, std::string code,
                                     std::string text) {
  const bool believed = status != "broken_contract" && status != "limit";
  const std::string scope_status = status == "limit"       ? "limit"
                                   : status == "cancelled" ? "cancelled"
                                                           : "internal";
  if (!believed) {
    outcome_.records.clear();
    for (auto& scope : outcome_.scopes)
      scope.status = scope_status;
  }
  closeScopes(scope_status);
  outcome_.status = status;
  outcome_.run_class = run_class;
  outcome_.complete = false;
  outcome_.state.clear();
  outcome_.result = nullptr;
  outcome_.reports.push_back({scope_status, std::move(code), std::move(text)});
  return std::move(outcome_);
}

}  // namespace redflag::kernel
