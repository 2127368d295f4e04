#pragma once
// Why a command is where it is, and what will happen next, in sentences for people.

#include <string>

#include "store/commands.h"

namespace redflag::api {

struct Outlook {
  std::string waiting_for;  // "" when nothing is awaited any more
  std::string next;         // what follows once that has come; "" when nothing does
};

// `connection` of its machine: connected | silent | never.
Outlook outlookOf(const store::Command& command, const std::string& connection);

}  // namespace redflag::api
