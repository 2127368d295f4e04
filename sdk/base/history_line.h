#pragma once
// One step in the life of a command as one line of a log, the same in all our programs:
//
//   HISTORY time=2026-03-01T02:03:04.567Z program=redflag-agent subsystem=orders command=01JM8ZC9T0… agent=…
//   action=apt/plan from=accepted to=running actor=kernel code=-
//
// All of it on one line, every key once and in this order, so that `grep 'HISTORY .* command=ID '` over the
// logs of a server and of its agents is the story of one order. What is not known is a bare "-". A value
// stands bare where it is made of [A-Za-z0-9._:/+@,-] and is not "-"; otherwise in double quotes, with every
// quote, backslash and byte that is not printable ASCII as \xNN. So a value ends no line, begins no other one
// and names no other key: whoever splits at blanks outside of quotes reads what was meant.

#include <cstdint>
#include <string>
#include <string_view>

namespace redflag {

struct HistoryStep {
  std::int64_t at_ns = 0;      // since the epoch
  std::string_view program;    // redflag-server, redflag-agent, redflag-executor, redflag-broker
  std::string_view subsystem;  // the part of it
  std::string_view command_id;
  std::string_view agent_id;
  std::string_view action;  // "<plugin>/<action>", several with commas; on the server the command's type
  std::string_view from;    // the state it leaves; "": it begins here
  std::string_view to;
  std::string_view actor;  // who or what brought it about
  std::string_view code;   // why; "" where nothing has to be explained
};

// Without a line's end. Of a value, the first 200 bytes.
std::string historyLine(const HistoryStep& step);

}  // namespace redflag
