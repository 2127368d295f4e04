#pragma once
// Compares what the fleet knows to have happened with what the server says: nothing that was acknowledged is
// missing, nothing is there twice, every order took effect once or is known not to have.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "swarm/ledger.h"
#include "swarm/person.h"
#include "swarm/statistics.h"

namespace redflag::swarm {

// What the server has of one agent: scan ids as it lists them.
struct StoredScans {
  std::vector<std::string> ids;
};
struct StoredCommand {
  std::string id;
  std::string type;
  std::string agent_id;
  std::string state;
  std::string actor;
};

struct Verdict {
  struct Uploads {
    std::int64_t acknowledged = 0;
    std::int64_t stored = 0;
    // Acknowledged, and not there; or rejected, which nothing that is sent here deserves.
    std::int64_t lost = 0;
    std::int64_t duplicate = 0;  // there more than once
    std::int64_t unknown = 0;    // there, and nobody sent it
  } uploads;
  struct Orders {
    std::int64_t asked = 0;   // commands that the operator was promised
    std::int64_t stored = 0;  // commands at the server
    std::int64_t executed = 0;
    std::int64_t not_executed = 0;  // and reported so
    std::int64_t lost = 0;          // promised or ended, and the server does not know it
    std::int64_t duplicate = 0;     // took effect twice, or exists twice for one wish
    std::int64_t unfinished = 0;
    std::int64_t cloned_twice = 0;  // by a machine and by its copy
  } orders;
  std::vector<std::string> findings;  // the first of them, for people

  std::int64_t lost() const { return uploads.lost + orders.lost; }
  std::int64_t duplicate() const { return uploads.duplicate + uploads.unknown + orders.duplicate; }
  Report report() const;
};

// What a run's report says of it. Of one that nobody judged nothing is said to be lost or not.
Report reportOf(const std::optional<Verdict>& verdict, bool settled);

// Each a pure function over one agent, resp. over all commands; adds to `verdict`.
void judgeUploads(const std::string& agent_id, const AgentRecord& known, const StoredScans& stored,
                  Verdict& verdict);
// `promised`: ids that the operator was answered; `type`: that of the commands only the operator makes, so
// that one nobody was promised is one too many; "" when others make them, too.
void judgeOrders(const std::map<std::string, AgentRecord>& known, const std::vector<StoredCommand>& stored,
                 const std::set<std::string>& promised, const std::string& type, Verdict& verdict);

// Asks the server for all of it.
Result<Verdict> judge(Person& person, const Ledger& ledger, const std::set<std::string>& promised,
                      const std::string& type);

}  // namespace redflag::swarm
