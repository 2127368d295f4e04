#pragma once
// Which maintenance windows are in force for a machine.
//
// The nearest place that has any counts, as of profiles and policies: the machine itself, its groups, its
// site, its client. All windows of that place are in force together. Of several groups with windows none is
// nearer than another: the windows of all of them are in force, as if they were one place's, and each names
// its group. Whatever the place, its windows open by the clocks of the machine's site.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "calendar/window.h"
#include "store/store.h"
#include "store/windows.h"

namespace redflag::services {

struct MachinePlace {
  std::string client_id;
  std::string site_id;
  std::string agent_id;  // "": no machine, the site alone
};

// Ready to be asked. [one thread]
class PlaceWindows {
 public:
  // Empty where there is no window, and for a site that is not there.
  static PlaceWindows of(const store::ReadTransaction& tx, const MachinePlace& machine);
  explicit PlaceWindows(store::WindowsAt at);

  bool empty() const { return at_.windows.empty(); }
  // machine | group | site | client; not of an empty one.
  std::string level() const;
  const store::WindowsAt& at() const { return at_; }
  // As calendar::spansFrom(); none where a rule or the zone cannot be read: then nothing is open.
  std::vector<calendar::Span> spansFrom(std::int64_t from, std::size_t most) const;
  const store::MaintenanceWindow& windowOf(const calendar::Span& span) const {
    return at_.windows[span.window];
  }
  // "the site Berlin", "the groups Databases and Mail"
  std::string placeText() const;
  std::string text(const calendar::Span& span) const;  // "the window "Night" of the site Berlin"

 private:
  store::WindowsAt at_;
  std::vector<calendar::Window> rules_;
  std::optional<calendar::Zone> zone_;
};

// Of many machines, each read once. For the length of one transaction.
class MachineWindows {
 public:
  explicit MachineWindows(const store::ReadTransaction& tx) : tx_(tx) {}

  // In few statements; of() does it for one that was left out.
  void load(const std::vector<MachinePlace>& machines);
  const PlaceWindows& of(const MachinePlace& machine);

 private:
  using Key = std::pair<std::string, std::string>;
  const store::ReadTransaction& tx_;
  std::map<Key, store::WindowsAt> sites_;
  // By (client, site) and the windows' ids, so that what holds for many machines is prepared once.
  std::map<std::pair<Key, std::string>, std::shared_ptr<const PlaceWindows>> prepared_;
  std::map<std::pair<Key, std::string>, std::shared_ptr<const PlaceWindows>> machines_;
};

// What a window is of: "the site Berlin", "the group Databases", "the machine db-1".
std::string holderText(const store::DecisionScope& scope);

// "the site Berlin", "the sites Berlin, Bonn, Trier and 4 more"; not of none.
std::string sitesText(const std::vector<std::string>& names);
// Of a zone that this server's system does not know (any more), and whose that is.
std::string unknownZoneText(const std::string& zone, const std::string& whose);

// In JSON, as the store has it. nullopt for what cannot be read.
std::optional<calendar::Rule> storedRule(const std::string& text);
std::string spokenRule(const std::string& text);  // for people, also where it cannot be read

}  // namespace redflag::services
