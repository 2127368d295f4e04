#pragma once
// What is written down of people: what was done to them and their rights, and what was refused.

#include <string>

#include "auth/budget.h"
#include "base/time.h"

namespace redflag::auth {

struct Notice {
  std::string subsystem;  // "people" | "security": refusals and alarms
  std::string actor;      // a username, or "nobody"
  std::string kind;       // stable: "session.csrf"
  std::string text;
  std::string severity = "info";  // info | warning | error
};

class NoticeBoard {
 public:
  virtual ~NoticeBoard() = default;
  virtual void note(const Notice& notice) = 0;  // [any thread]
};

// Refusals on a board. The same kind from the same source is written down once a minute: an attack must not
// fill the disk.
class Alarms {
 public:
  // Both outlive it.
  Alarms(NoticeBoard& board, const Clock& clock) : board_(board), once_a_minute_(clock, {1, 1.0 / 60}) {}

  // `source`: who or what tries: an account, an address. [any thread]
  void raise(const std::string& source, const Notice& notice) {
    if (once_a_minute_.take(notice.kind + '\n' + source) == 0) board_.note(notice);
  }

 private:
  NoticeBoard& board_;
  Budget once_a_minute_;
};

}  // namespace redflag::auth
