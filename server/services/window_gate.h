#pragma once
// The one place where maintenance windows decide about an order: whether its machine may have it now, until
// when it may begin there, what it waits for else, and when that is over. Asked in the transaction that
// releases an order (it is placed, a second person has approved it, its time has come, a window was changed),
// and again right before it is signed for its machine.
//
// Orders of types that change machines (risk high or destructive) are held to the windows that are in force
// for their machine (services/place_windows.h); where there is none, any time will do. Inside a window an
// order is good until the window closes, and that is signed: the machine begins nothing later. One that its
// machine did not take in time waits for the next window, kWindowsGiven of them in all, and longer while its
// type is valid; one of a schedule, which comes again by itself, for one.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "services/context.h"
#include "services/place_windows.h"
#include "store/commands.h"

namespace redflag::services {

constexpr std::size_t kWindowsGiven = 3;

// Whether orders of this type are held to windows: those that change machines.
bool heldToWindows(const commands::CommandType& type);

// For the length of one transaction.
class WindowGate {
 public:
  WindowGate(const Context& context, const store::ReadTransaction& tx)
      : context_(context), now_(context.now()), windows_(tx) {}

  // Reads what many are held to in few statements, before they are asked about one by one.
  void know(std::span<const store::Command> commands);
  // Whether windows say anything about it: by its type, and unless a person ordered it outside of any.
  bool holds(const store::Command& command);
  // Sets when it may be handed out, until when it may begin, and when it is given up. True: it may be now.
  // `waited`: it comes from a window that it waited for, and is good for the whole of the next. `earliest`:
  // no window that is over by then will do.
  bool time(store::Command& command, bool waited, std::int64_t earliest = 0);
  // The same for one that is handed out now. False, and nothing set: its window is closed.
  bool open(store::Command& command);

 private:
  std::int64_t orderedFor(const store::Command& command);
  bool setFree(store::Command& command);

  const Context& context_;
  const std::int64_t now_;
  MachineWindows windows_;
  std::map<std::string, std::int64_t> valid_s_;  // of types that change machines; 0 for the others
};

// What time() says of one that is scheduled or queued, told `waited` from how it stands.
bool waitedForWindow(const store::Command& command);

}  // namespace redflag::services
