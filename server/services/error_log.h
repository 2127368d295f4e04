#pragma once
// Errors of the server itself, on their way from its log into the store: counted by kind, so that however
// often one comes, it is one row. Nobody who logs waits for the disk.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/errors.h"
#include "store/store.h"

namespace redflag::services {

// What a line of the server's log at level error is about: "settlement: apt: no answer",
// "request_id=… error=\"…\"", "request_id=… store: store.failed: …".
store::ErrorNote errorOfLine(std::string_view line, std::int64_t now);

class ErrorLog {
 public:
  explicit ErrorLog(const Clock& clock = systemClock()) : clock_(clock) {}

  // Never waits, never logs. [any thread]
  void noteLine(std::string_view line);
  // Stores what was noted since. Throws what the store throws; it is then kept for the next time. [one thread
  // at a time]
  void write(store::Store& store);

 private:
  using Noted = std::map<std::string, store::ErrorNote>;  // by fingerprint
  void add(Noted& noted, const store::ErrorNote& note) const;

  const Clock& clock_;
  std::mutex mutex_;
  Noted noted_;
};

}  // namespace redflag::services
