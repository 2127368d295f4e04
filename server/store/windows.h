#pragma once
// When machines may be changed: a client's windows, and those that a site, a group or a machine of it has
// instead.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/grants.h"
#include "store/decisions.h"

namespace redflag::store {

struct MaintenanceWindow {
  std::string id;
  DecisionScope scope;  // a client, a site, a group, or one agent
  std::string name;
  std::string rule;           // calendar/rule.h: when it opens
  std::int64_t length_s = 0;  // real seconds, whatever the clocks do meanwhile
  std::int64_t notice_s = 0;  // how long before it opens people are told what waits for it; 0: not
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t changed_at = 0;
  std::string changed_by;
};

// What is in force at a site.
struct WindowsAt {
  std::string client_name;
  std::string site_name;
  std::string time_zone;
  std::vector<MaintenanceWindow> windows;  // the site's own, or else the client's; empty: any time
};

struct WindowNotice {
  std::string client_id;
  std::string site_id;    // of the machines that wait
  std::string holder_id;  // the group or the machine whose window it is; "": the site's or the client's
  std::int64_t opens_at = 0;
  std::int64_t at = 0;
};

class Windows {
 public:
  virtual ~Windows() = default;

  // By name, those that say something of what is visible: their scope is in it, or it is in their scope.
  virtual std::vector<MaintenanceWindow> list(const http::Visible& visible) const = 0;
  // By (client, site), without those that are not there; of groups and machines nothing.
  using Places = std::set<std::pair<std::string, std::string>>;
  virtual std::map<Places::key_type, WindowsAt> at(const Places& places) const = 0;
  // By (client, agent), those that have any: a machine's own windows, or else those of every group that it is
  // in, by name.
  using Machines = std::set<std::pair<std::string, std::string>>;
  virtual std::map<Machines::key_type, std::vector<MaintenanceWindow>> narrower(
      const Machines& machines) const = 0;
  virtual std::int64_t count(const std::string& client_id) const = 0;
  virtual void add(const MaintenanceWindow& window) = 0;
  // Its scope stays.
  virtual void change(const MaintenanceWindow& window) = 0;
  virtual void remove(const MaintenanceWindow& window) = 0;

  // False, and nothing stored, when this opening was told of already.
  virtual bool addNotice(const WindowNotice& notice) = 0;
  // Forgets notices. At most `limit`; true: there may be more.
  virtual bool prune(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
