#pragma once
// The one place where maintenance windows decide about an order: whether its machine may have it now, until
// when it may begin there, what it waits for else, and when that is over. Asked in the transaction that
// releases an order (it is placed, a second person has approved it, its time has come, a window was changed),
// and again right before it is signed for its machine.
//
// Orders of types that change machines (risk high or destructive) are held to the windows of their machine's
// site: the site's own, or else its client's; where there is none, any time will do. Inside a window an order
// is good until the window closes, and that is signed: the machine begins nothing later. One that its
// machine did not take in time waits for the next window, kWindowsGiven of them in all, and longer while its
// type is valid; one of a schedule, which comes again by itself, for one.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calendar/window.h"
#include "services/context.h"
#include "store/commands.h"
#include "store/windows.h"

namespace redflag::services {

constexpr std::size_t kWindowsGiven = 3;

// The windows in force at a site, ready to be asked.
class PlaceWindows {
 public:
  // Empty for a site without any, and for one that is not there.
  static PlaceWindows of(const store::ReadTransaction& tx, const std::string& client_id,
                         const std::string& site_id);
  explicit PlaceWindows(store::WindowsAt at);

  bool empty() const { return at_.windows.empty(); }
  bool own() const { return !empty() && !at_.windows.front().scope.site_id.empty(); }
  const store::WindowsAt& at() const { return at_; }
  // As calendar::spansFrom(); none where a rule or the zone cannot be read: then nothing is open.
  std::vector<calendar::Span> spansFrom(std::int64_t from, std::size_t most) const;
  const store::MaintenanceWindow& windowOf(const calendar::Span& span) const {
    return at_.windows[span.window];
  }
  std::string placeText() const;                       // "the site Berlin", "the client Example"
  std::string text(const calendar::Span& span) const;  // "the window "Night" of the site Berlin"

 private:
  store::WindowsAt at_;
  std::vector<calendar::Window> rules_;
  std::optional<calendar::Zone> zone_;
};

// In JSON, as the store has it. nullopt for what cannot be read.
std::optional<calendar::Rule> storedRule(const std::string& text);

// Whether orders of this type are held to windows: those that change machines.
bool heldToWindows(const commands::CommandType& type);

// For the length of one transaction.
class WindowGate {
 public:
  WindowGate(const Context& context, const store::ReadTransaction& tx)
      : context_(context), tx_(tx), now_(context.now()) {}

  // Whether windows say anything about it: by its type, and unless a person ordered it outside of any.
  bool holds(const store::Command& command);
  // Sets when it may be handed out, until when it may begin, and when it is given up. True: it may be now.
  // `waited`: it comes from a window that it waited for, and is good for the whole of the next.
  bool time(store::Command& command, bool waited);
  // The same for one that is handed out now. False, and nothing set: its window is closed.
  bool open(store::Command& command);

 private:
  const PlaceWindows& placeOf(const store::Command& command);
  bool setFree(store::Command& command);

  const Context& context_;
  const store::ReadTransaction& tx_;
  const std::int64_t now_;
  std::map<std::pair<std::string, std::string>, PlaceWindows> places_;
  std::map<std::string, std::int64_t> valid_s_;  // of types that change machines; 0 for the others
};

// What time() says of one that is scheduled or queued, told `waited` from how it stands.
bool waitedForWindow(const store::Command& command);

}  // namespace redflag::services
