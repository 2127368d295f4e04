#pragma once
// What is said beside the rows: reports for technicians, log lines, progress. Bounded, cleaned, from any
// thread.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "host/channel.h"
#include "redflag/abi.h"

namespace redflag::host {

class Reporter {
 public:
  explicit Reporter(Channel& channel) : channel_(channel) {}

  // RF_LIMIT after 999 reports; RF_INVALID for a code that is not dotted lower case (it is reported under
  // "plugin.bad_report" then, so that the text is not lost).
  rf_status report(rf_status status, std::string_view code, std::string_view text);
  // The host's own last word on the run: there is always room for one, whatever the plugin has said.
  void conclude(rf_status status, std::string_view code, std::string_view text);
  // The same, but each text once: a refusal in a loop is one fact.
  void reportOnce(rf_status status, std::string_view code, const std::string& text);
  void log(std::string_view level, std::string_view text);
  void progress(std::int32_t percent, std::string_view text);
  void progressLine(std::string_view text);

 private:
  // One more of at most `limit`; says so in the log when it is the first that is too much.
  bool mayTell(std::atomic<std::uint32_t>& count, std::uint32_t limit, std::string_view what);
  void send(rf_status status, std::string_view code, std::string_view text);

  Channel& channel_;
  std::atomic<std::uint32_t> reports_{0};
  std::atomic<std::uint32_t> lines_{0};
  std::mutex mutex_;
  std::set<std::string> told_;
};

}  // namespace redflag::host
