#pragma once
// What a simulated agent does with an order: believes it by the same rules and the same code as an agent
// (protocol/envelope.h), writes it down before it acts, and carries it out once.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/command_list.h"
#include "protocol/envelope.h"
#include "swarm/inventory.h"
#include "swarm/random.h"

namespace redflag::swarm {

// One line of the journal, which survives the agent's death.
struct JournaledOrder {
  protocol::Envelope envelope;
  std::string identity;
  std::string accepted_item;  // ids of the reports, the same each time they are told
  std::string outcome_item;
  std::string state;  // "" until it has ended
  Json results;
  bool told = false;  // the outcome is in the spool
};
using Journal = std::map<std::string, JournaledOrder>;

struct Refusal {
  std::string command_id;  // "" when nothing in the envelope may be believed
  std::string code;
  std::string text;
};

// Who is asked.
struct Addressee {
  std::string agent_id;
  std::string client_id;
  const protocol::CommandList& keys;
};

// kNew: to be journaled. kKnown: to be answered from the journal.
struct Judgement {
  enum class Kind { kNew, kKnown, kRefused } kind = Kind::kRefused;
  protocol::Envelope envelope;
  std::string identity;
  Refusal refusal;
};
Judgement judgeOrder(const Json& transport, const Addressee& addressee, const Journal& journal,
                     std::int64_t local_now_ns);

// Whether it changes the machine.
bool isInstall(const protocol::Envelope& envelope);

// How long such an order takes.
std::int64_t durationNs(const protocol::Envelope& envelope, Random& random);

struct Outcome {
  std::string state;  // succeeded | failed | refused
  std::string code;
  std::string text;
  Json results = Json::array();
  bool scans = false;     // a scan belongs to it
  bool installs = false;  // and the scan that proves it
};
// A few of the installs fail, as they do.
Outcome carryOut(const protocol::Envelope& envelope, const std::string& scan_id, Random& random);

}  // namespace redflag::swarm
