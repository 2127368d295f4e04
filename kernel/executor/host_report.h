#pragma once
// What a host's frames add up to; progress and log lines are handed on while they come, thinned to what a
// person can read.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "executor/events.h"
#include "host/frame.h"

namespace redflag::kernel {

class HostReport {
 public:
  // `sink` may be empty: nothing is handed on.
  HostReport(std::string command_id, EventSink sink)
      : command_id_(std::move(command_id)), sink_(std::move(sink)) {}

  void take(const host::Frame& frame);
  // Something was written that nobody can read.
  void unreadable() { told_ = true; }
  // Hands on what was held back. Call it after each batch of frames.
  void flush(std::int64_t now_ns, std::int64_t monotonic_ns);
  // Frames from before we came were handed on by somebody else: forget what is held back.
  void forgetPending();

  bool told() const { return told_; }  // it has read what it is to do; nothing of the plugin ran before that
  bool loaded() const { return loaded_; }                // the plugin's code may have run
  bool done() const { return done_; }                    // it said how it ended
  const std::string& status() const { return status_; }  // "ok", "transient", … once done
  const std::string& result() const { return result_; }
  // The last explanation; a default when the plugin gave none.
  std::string code(const std::string& fallback) const { return code_.empty() ? fallback : code_; }
  std::string text(const std::string& fallback) const { return text_.empty() ? fallback : text_; }

 private:
  void takeResult(const host::Frame& frame);
  void takeReport(const Json& json);
  void takeProgress(const Json& json);

  std::string command_id_;
  EventSink sink_;
  bool told_ = false;
  bool loaded_ = false;
  bool done_ = false;
  std::string status_;
  std::string result_;
  bool result_goes_on_ = false;
  std::string code_;
  std::string text_;
  std::vector<std::string> lines_;
  std::size_t lines_handed_on_ = 0;
  int percent_ = -1;
  std::string step_;
  bool progress_waits_ = false;
  std::int64_t progress_at_ = 0;  // monotonic
};

}  // namespace redflag::kernel
