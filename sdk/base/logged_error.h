#pragma once
// What a line of our programs' logs at level error is about: "SUBSYSTEM: [CODE:] TEXT", such as
// "settlement: apt: no answer" or "spool: item.invalid: the server will not take a scan".

#include <string>
#include <string_view>

namespace redflag {

struct LoggedError {
  std::string subsystem;  // "": the line names none
  std::string code;       // with a dot: "item.invalid"; "" without
  std::string text;       // the rest, as it is: perhaps not even UTF-8
};

LoggedError readLoggedError(std::string_view line);

}  // namespace redflag
