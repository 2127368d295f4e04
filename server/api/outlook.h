#pragma once
// Why a command is where it is, and what will happen next, in sentences for people.

#include <string>

#include "store/commands.h"

namespace redflag::api {

struct Outlook {
  std::string waiting_for;  // "" when nothing is awaited any more
  std::string next;         // what follows once that has come; "" when nothing does
};

// `connection` of its machine: connected | silent | never. `preparation`: what gets it ready while it waits
// for a window, or nullptr.
Outlook outlookOf(const store::Command& command, const std::string& connection,
                  const store::Command* preparation = nullptr);

// When the window opens that it waits for; 0 when it waits for none, or none opens again.
std::int64_t opensAt(const store::Command& command);

// How far getting an order ready is, by the state of the command that does; "" without one.
std::string preparationText(const std::string& state, const std::string& reason);

}  // namespace redflag::api
