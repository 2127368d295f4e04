#include "events/outbox.h"

#include <algorithm>

#include "store/events.h"

namespace redflag::events {

http::EventBatch Outbox::eventsAfter(std::int64_t seq, std::size_t limit, const http::Principal& principal) {
  if (principal.kind != http::Principal::Kind::kUser) return {{}, seq};
  const std::int64_t up_to = store_.settledEvents();
  if (up_to <= seq) return {{}, seq};
  return store_.read([&](const store::ReadTransaction& tx) {
    http::EventBatch batch{tx.events().after(seq, limit, principal.grants.visible(), up_to), seq};
    // Where others' events are left out, they are not looked at again.
    batch.read_to = batch.events.size() < limit ? up_to : batch.events.back().seq;
    return batch;
  });
}

std::int64_t Outbox::newestEvent() {
  return store_.settledEvents();
}

}  // namespace redflag::events
