#pragma once
// Whom a schedule is for, as things stand, and by whose clocks it comes there.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "calendar/occurrences.h"
#include "services/context.h"
#include "store/schedules.h"

namespace redflag::services {

// The zones of a schedule, and the sites whose machines go by each. The schedule's own, where it has one;
// UTC for a place without any site yet.
using ZonedSites = std::map<std::string, std::set<std::string>>;
ZonedSites zonesOf(const store::ReadTransaction& tx, const store::Schedule& schedule);

// Whether this server's system knows it (any more).
bool zoneIsKnown(const std::string& zone);
// By UTC comes what is refused in a zone that is not known. http::Problem 500 on a system without any zones.
calendar::Zone zoneOrUtc(const std::string& name);
// Why nothing is ordered in a zone that is not known, and where to mend that.
std::string whyUnknown(const store::ReadTransaction& tx, const store::Schedule& schedule,
                       const std::string& zone, const std::set<std::string>& sites);
// http::Problem 409 "time_zone.unknown" where none of its zones is.
void requireKnownZone(const store::ReadTransaction& tx, const store::Schedule& schedule);

// http::Problem 409 "schedule.unreadable" for what cannot be read.
calendar::Rule ruleOf(const store::Schedule& schedule);

// Its machines at these sites that are visible; none that was revoked.
std::vector<store::Agent> agentsAt(const store::ReadTransaction& tx, const store::Schedule& schedule,
                                   const std::set<std::string>& sites, const http::Visible& visible,
                                   const store::Contact& contact);

// When it comes next, in whichever zone; 0: never.
std::int64_t nextAfter(const calendar::Rule& rule, const ZonedSites& zones, std::int64_t after);

// Sites, their zones, or where a machine is have changed: when each schedule comes next is computed again.
void lookAgain(store::WriteTransaction& tx);

}  // namespace redflag::services
