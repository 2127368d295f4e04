#pragma once
// Frames between a host process and whoever started it: u32 little-endian payload length, u8 type, payload.
// Rows between kBeginScope and kEndScope are that scope's; all others belong to the scope "", which the host
// ends itself, last, with the run's status: every scope of a scan has its kEndScope.
//
// redflag-host reads fd 3 (kLoad, kStateIn*, kStart, later kCancel) and writes fd 4. For scanners and command
// types both are one socket; an updater writes to a regular file instead, so that its outcome survives
// whoever started it. Payloads are JSON objects except kStateIn and kState: u16 little-endian key length,
// key, value.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::host {

constexpr int kInputFd = 3;
constexpr int kOutputFd = 4;
constexpr std::size_t kFrameHeaderBytes = 5;
constexpr std::size_t kMaxFrameBytes = 20U << 20;   // a state value of 16 MiB fits; records are far smaller
constexpr std::size_t kMaxResultBytes = 48U << 20;  // of a document in one or more frames
constexpr const char* kResultTooLong = "result.too_long";  // code of the report that stands for one over it

enum class FrameType : std::uint8_t {
  // host -> starter
  kHello = 1,       // {"id","version","abi_major","abi_minor","pid"}: the library is loaded and created
  kBeginScope = 2,  // {"key"}
  kEndScope = 3,    // {"key","status"}
  kRecord = 4,  // {"record":"update/1", fields…}: flat, lists as arrays, flags as booleans, times RFC 3339
  kReport = 5,  // {"status","code","text"}
  kLog = 6,     // {"level":"debug|info|warning|error","text"}
  kProgress = 7,  // {"percent","text"} or {"line"}
  kState = 8,     // put: kept by the starter only if kDone says ok
  kResult = 9,    // the JSON document an updater or command type wrote
  kDone = 10,     // {"status":"ok|transient|…"}: the last frame of a run
  kSealed = 11,  // {"files":true,…}: the walls that stand; the first frame, before anything foreign is loaded
  kResultPart = 12,  // what comes before kResult of a document that is too long for one frame
  // starter -> host
  kLoad = 31,  // the first one:
  // {"library","seal":"none|best|require","capabilities":["read:/…"],"requires":[…],"expect":{…}}
  kStart =
      32,  // {"operation":"probe|scan|plan|download|install|verify|rollback|repair|describe|validate|on_result",
  //  "interface":"rf.scanner/1","settings":{},"purpose":"updates|inventory|verify","deadline_ms":n from now,
  //  "max_records":n,"request":{…}}
  kStateIn = 33,
  kCancel = 34,
};

struct Frame {
  FrameType type = FrameType::kDone;
  std::string payload;
};

std::string encodeFrame(FrameType type, std::string_view payload);
std::string encodeState(std::string_view key, std::string_view value);
// kInvalid: a key that isStateKey() refuses, or a payload that ends early.
Result<std::pair<std::string, std::string>> decodeState(std::string_view payload);
bool isStateKey(std::string_view key);  // [a-z0-9._-]{1,64}

// Cuts a byte stream into frames. A length over the limit or an unknown type is kInvalid, once and for all.
class FrameDecoder {
 public:
  explicit FrameDecoder(std::size_t max_frame_bytes = kMaxFrameBytes) : max_frame_bytes_(max_frame_bytes) {}
  void feed(std::string_view bytes);
  // nullopt: more bytes are needed.
  Result<std::optional<Frame>> next();
  std::size_t buffered() const { return buffer_.size() - offset_; }

 private:
  std::size_t max_frame_bytes_;
  std::string buffer_;
  std::size_t offset_ = 0;
  bool broken_ = false;
};

// The names of rf_status in frames and JSON: "ok", "transient", "permanent", "denied", "cancelled", "limit",
// "unsupported", "invalid", "not_applicable", "misconfigured", "internal".
const char* statusName(std::int32_t status);
Result<std::int32_t> statusFromName(std::string_view name);

}  // namespace redflag::host
