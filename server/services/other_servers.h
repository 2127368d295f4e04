#pragma once
// Orders that other servers on the same database have queued: the doorbell of their agent may hang here.
//
// Each server rings for what it queues itself (services/bell.h). For the others' it reads what the outbox
// tells of commands, from where it stood when this was made; whoever has no doorbell here is not rung.

#include <cstdint>

#include "services/bell.h"
#include "store/store.h"

namespace redflag::services {

class OtherServers {
 public:
  OtherServers(const store::Store& store, const Bell& bell);

  // When they have written to the outbox. [one thread]
  void look();

 private:
  const store::Store& store_;
  const Bell& bell_;
  std::int64_t seen_;
};

}  // namespace redflag::services
