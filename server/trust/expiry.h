#pragma once
// What of a server ends at a time, and when somebody has to do something about it: computed in one place for
// the log, the screens, /metrics and doctor.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace redflag::trust {

struct Expiry {
  std::string
      what;  // root | targets | snapshot | timestamp | command_key | certificate | authority | reserve
  std::string subject;       // a key's id, a file; "" where `what` says it all
  std::int64_t version = 0;  // of a document; 0 for what has none
  std::int64_t at_ns = 0;
  bool renews_itself = false;  // then only its last part says that something is wrong
  std::string advice;          // what to do before
};

struct Expiries {
  std::vector<Expiry> known;
  std::vector<std::string> unreadable;  // why, with the file, of each that is there and could not be read
};

// Of a data folder: the documents in `trust/`, the command keys that the newest list names, the certificates
// in `tls/`. What is not there yet is left out.
Expiries expiriesOf(const std::filesystem::path& data);

// Of the 60, 30 and 7 days before the end the one that is reached; 0: none yet.
int expiryWarningDays(std::int64_t expires_ns, std::int64_t now_ns);

// How urgent it is: 0 not at all; 60, 30 or 7 days are reached; -1: it is over. What renews itself is urgent
// (7) when it should long have been renewed.
int urgencyOf(const Expiry& expiry, std::int64_t now_ns);

// "root document, version 3, ends on 2026-03-01, in 12 days"
std::string sentenceOf(const Expiry& expiry, std::int64_t now_ns);

// Says once a day in the log what ends soon.
class ExpiryLog {
 public:
  explicit ExpiryLog(std::filesystem::path data) : data_(std::move(data)) {}
  void tend(std::int64_t now_ns);  // never throws [one thread at a time]

 private:
  const std::filesystem::path data_;
  std::int64_t told_at_ = 0;
};

}  // namespace redflag::trust
