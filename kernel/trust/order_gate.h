#pragma once
// Which orders this agent believes: signed by a key of the present list, for it and its client, now, and
// not seen before with other content. What may then be done is decided elsewhere; root's orders are checked
// again by the executor.

#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "identity/identity.h"
#include "protocol/envelope.h"
#include "trust/command_source.h"
#include "trust/order_journal.h"

namespace redflag::kernel {

struct OrderRefusal {
  std::string command_id;  // "" when nothing in the envelope may be believed
  std::string code;        // protocol/refused.h
  std::string text;
};

struct CheckedOrder {
  protocol::Envelope envelope;
  std::optional<OrderRecord> known;  // it was accepted before: answer from the journal
};

class OrderGate {
 public:
  // `journal`: nullptr when it is lost; everything is then refused as possibly replayed.
  OrderGate(const Identity& identity, const CommandSource& keys, OrderJournal* journal, const Clock& clock)
      : identity_(identity), keys_(keys), journal_(journal), clock_(clock) {}

  tl::expected<CheckedOrder, OrderRefusal> check(const Json& transport) const;

 private:
  const Identity& identity_;
  const CommandSource& keys_;
  OrderJournal* journal_;
  const Clock& clock_;
};

}  // namespace redflag::kernel
