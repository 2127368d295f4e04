#pragma once
// The two who read a signed order, each with everything of its own around it and nothing that could carry it
// out: whatever is refused had no chance to do anything, and what was accepted can be counted.

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "protocol/envelope.h"

namespace redflag::faults {

// Whom both judges believe, and one good order to begin with.
class Server {
 public:
  Server() : key(protocol::SigningKey::generate()) {}
  protocol::Envelope order(std::int64_t now_ns) const;
  // As a server signs it, and so refuses what is malformed.
  Json seal(const protocol::Envelope& envelope) const;
  // As a server in other hands signs it: a good signature, whatever the body says.
  Json sign(const std::string& body) const;
  Json sign(protocol::Envelope envelope) const;

  protocol::SigningKey key;
};

// An order's parameters, and the hash of the plan they lead to.
std::string parametersOf(const std::string& package);
std::string planHashOf(const std::string& package);

class Judge {
 public:
  virtual ~Judge() = default;
  // Hands over an envelope's text as it comes in. Answers the code of the refusal that was reported,
  // "accepted" (or "known", when it was before), or "unreadable" when it could not even be taken for an
  // envelope.
  virtual std::string hand(const std::string& wire) = 0;
  std::string hand(const Json& transport) { return hand(dumpJson(transport)); }
  // How many orders it has taken for execution since it was made.
  virtual std::size_t taken() = 0;
  // As its program that is killed and started again.
  virtual void restart() = 0;
  // As its machine's clock that is set.
  virtual void setClock(std::int64_t now_ns) = 0;
};

std::unique_ptr<Judge> makeKernelJudge(const Server& server, std::int64_t now_ns);
std::unique_ptr<Judge> makeExecutorJudge(const Server& server, std::int64_t now_ns);

}  // namespace redflag::faults
