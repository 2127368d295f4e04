#pragma once
// The time that agents' signatures are made and judged by. It is the machine's, as long as that goes forward.
// Where that steps back, this one goes on from where it was, at the pace of the monotonic clock: agents
// follow the Date of our answers, so that they are understood at once; and no second comes twice, so that
// what was signed in it before cannot be sent again. How far it has come is kept in a file for the next
// process.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "base/time.h"

namespace redflag::auth {

class SignatureClock {
 public:
  // `clock` outlives it. `boot`: of this start of the machine, within which the monotonic clock is one.
  // Throws std::runtime_error or std::system_error when `file` is there and cannot be read.
  SignatureClock(const Clock& clock, std::filesystem::path file, std::string boot);
  ~SignatureClock();
  SignatureClock(const SignatureClock&) = delete;
  SignatureClock& operator=(const SignatureClock&) = delete;

  std::int64_t nowS();  // [any thread]
  std::int64_t startedS() const { return started_s_; }

 private:
  std::int64_t advance();
  void takeUp();
  void note(std::int64_t value_ns);

  const Clock& clock_;
  const std::filesystem::path file_;
  const std::string boot_;
  std::mutex mutex_;
  std::int64_t value_ns_;
  std::int64_t at_ns_;            // monotonic, when it was value_ns_
  std::int64_t noted_at_ns_ = 0;  // monotonic
  std::int64_t wall_ns_;          // at the last look, for the log
  std::int64_t started_s_ = 0;
};

// Linux' own name of this start of the machine; "" where there is none.
std::string thisBoot();

}  // namespace redflag::auth
