#pragma once
// Clients and their sites, and which site a machine belongs to.

#include <string>

#include "services/context.h"
#include "services/orders.h"

namespace redflag::services {

class Places {
 public:
  Places(const Context& context, const Orders& orders) : context_(context), orders_(orders) {}

  // What the actor sees, with how many machines are there.
  std::vector<store::Client> list(const Actor& actor) const;

  // Whoever calls these three administers everything. http::Problem 409 when the name is taken.
  store::Client addClient(const std::string& name, const Actor& actor);
  store::Client renameClient(const std::string& client_id, const std::string& name, const Actor& actor);
  // http::Problem 409, with what is in it, unless it is empty.
  void removeClient(const std::string& client_id, const Actor& actor);

  // http::Problem 404 for a place the actor does not see, 403 for a client that the actor sees and does not
  // administer as a whole, 409 as above.
  store::Place addSite(const std::string& client_id, const std::string& name, const Actor& actor);
  store::Place renameSite(const std::string& site_id, const std::string& name, const Actor& actor);
  // `time_zone`: an IANA name, else http::Problem 422. Schedules that go by the site's clocks follow.
  store::Place setTimeZone(const std::string& site_id, const std::string& time_zone, const Actor& actor);
  void removeSite(const std::string& site_id, const Actor& actor);

  // Into another site of the same client. http::Problem 404 for an agent or a site the actor does not see,
  // 403 unless the actor administers both sites, 409 for a site of another client.
  store::Agent move(const std::string& agent_id, const std::string& site_id, const Actor& actor);

 private:
  const Context& context_;
  const Orders& orders_;  // that wait for windows there
};

}  // namespace redflag::services
