#pragma once
// Maintenance windows as people keep them, and what is in force where. What they do to orders is
// services/window_gate.h.

#include <string>
#include <vector>

#include "services/orders.h"
#include "services/window_gate.h"
#include "store/windows.h"

namespace redflag::services {

struct WindowWish {
  store::DecisionScope scope;  // a client, a site, a group, or one agent
  std::string name;
  calendar::Rule rule;
  std::int64_t length_s = 0;
  std::int64_t notice_s = 0;
};

// When a window opens by the clocks of some of its sites.
struct WindowForecast {
  std::string time_zone;
  std::int64_t sites = 0;
  std::int64_t agents = 0;
  std::vector<calendar::Span> next;
  std::string problem;  // why none opens there
};

struct WindowsInForce {
  PlaceWindows place;
  // At a site: of groups and of single machines there, which go by these and not by the site's. By name.
  std::vector<store::MaintenanceWindow> narrower;
  std::vector<calendar::Span> next;  // the open one first, if one is
};

// Machines whose orders would wait for the same opening, were they given now.
struct WindowHint {
  std::string window;  // "": none opens again
  std::int64_t opens_at = 0;
  std::int64_t closes_at = 0;
  std::int64_t agents = 0;
};
// Of these machines, at this time. Those that need not wait are not in it.
std::vector<WindowHint> windowHints(const store::ReadTransaction& tx,
                                    const std::vector<MachinePlace>& machines, std::int64_t at);

class Windows {
 public:
  static constexpr std::int64_t kLeastLengthS = 60;
  static constexpr std::int64_t kMostLengthS = 7 * 86'400;
  static constexpr std::int64_t kMostNoticeS = 7 * 86'400;
  static constexpr std::int64_t kMostOfClient = 500;

  Windows(const Context& context, const Orders& orders) : context_(context), orders_(orders) {}

  std::vector<store::MaintenanceWindow> list(const Actor& actor) const;
  // http::Problem 404 for a site that the actor does not see.
  WindowsInForce inForce(const std::string& site_id, std::size_t openings, const Actor& actor) const;
  // http::Problem 404 for a machine that the actor does not see.
  WindowsInForce inForceFor(const std::string& agent_id, std::size_t openings, const Actor& actor) const;
  // http::Problem as add().
  std::vector<WindowForecast> preview(const WindowWish& wish, std::size_t openings, const Actor& actor) const;

  // All three apply at once to what waits. http::Problem 404 a place that the actor does not see, 403 without
  // the role approver over all of it, 409 a name that is taken or too many, 422 a window that never opens.
  store::MaintenanceWindow add(const WindowWish& wish, const Actor& actor);
  // Its scope stays, whatever the wish says.
  store::MaintenanceWindow change(const std::string& id, const WindowWish& wish, const Actor& actor);
  void remove(const std::string& id, const Actor& actor);

  // Tells, once for each opening, of orders that wait for a window which opens soon.
  void announce();

 private:
  store::MaintenanceWindow findFor(const store::ReadTransaction& tx, const std::string& id,
                                   const Actor& actor) const;
  void requireSense(const store::ReadTransaction& tx, const store::MaintenanceWindow& window,
                    const calendar::Rule& rule) const;
  void changed(store::WriteTransaction& tx, const store::MaintenanceWindow& window, const Actor& actor,
               const std::string& did) const;

  const Context& context_;
  const Orders& orders_;
  std::int64_t announce_ns_ = 0;  // not before, by the monotonic clock
};

}  // namespace redflag::services
