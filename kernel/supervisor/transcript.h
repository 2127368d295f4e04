#pragma once
// Everything one host says during one run, believed only as far as its limits and the order of frames allow.
// Pure: bytes in, outcome out.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "host/frame.h"
#include "supervisor/run.h"

namespace redflag::kernel {

class Transcript {
 public:
  // `request` outlives the transcript.
  explicit Transcript(const RunRequest& request);

  // kInvalid: the host broke its contract. kLimit: it said more than it may. Either way it has to be ended.
  Result<> feed(std::string_view bytes);

  bool greeted() const { return greeted_; }
  bool done() const { return done_; }

  // Its own last word.
  RunOutcome finish();
  // It never said one. `status` is "crash", "hang", "limit", "broken_contract" or "cancelled". What its
  // complete scopes said is kept after a crash, a hang or a cancel; of who lied or flooded, nothing is
  // believed.
  RunOutcome finishWithout(std::string_view status, RunClass run_class, std::string code, std::string text);

 private:
  Result<> handle(const host::Frame& frame);
  Result<> sealed(const Json& json);
  Result<> hello(const Json& json);
  Result<> beginScope(const Json& json);
  Result<> endScope(const Json& json);
  Result<> record(const host::Frame& frame);
  Result<> report(const Json& json);
  Result<> log(const Json& json);
  Result<> state(const host::Frame& frame);
  Result<> result(const host::Frame& frame);
  Result<> lastWord(const Json& json);
  Result<> countOutput(std::size_t bytes);
  void closeScopes(const std::string& status);
  bool isOneSources(const std::string& status) const;
  RunClass classOf(const std::string& status) const;

  const RunRequest& request_;
  const bool scans_;
  host::FrameDecoder decoder_;
  RunOutcome outcome_;
  std::string result_text_;  // of one that came in parts, until its end
  std::set<std::string, std::less<>> keys_;
  std::optional<std::string> open_scope_;
  bool rows_outside_ = false;
  bool greeted_ = false;
  bool done_ = false;
  std::uint64_t output_bytes_ = 0;
  std::size_t state_bytes_ = 0;
  std::uint64_t log_lines_ = 0;
};

}  // namespace redflag::kernel
