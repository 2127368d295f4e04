#include "events/outbox.h"

#include "store/events.h"

namespace redflag::events {

std::vector<http::Event> Outbox::eventsAfter(std::int64_t seq, std::size_t limit,
                                             const http::Principal& principal) {
  if (principal.kind != http::Principal::Kind::kUser) return {};
  return store_.read([&](const store::ReadTransaction& tx) { return tx.events().after(seq, limit); });
}

std::int64_t Outbox::newestEvent() {
  return store_.read([](const store::ReadTransaction& tx) { return tx.events().newest(); });
}

}  // namespace redflag::events
