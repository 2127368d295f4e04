#pragma once
// The outbox as browsers' streams read it.

#include "http/events.h"
#include "store/store.h"

namespace redflag::events {

class Outbox : public http::EventSource {
 public:
  explicit Outbox(store::Store& store) : store_(store) {}
  // People see what their grants let them see; an agent sees nothing.
  http::EventBatch eventsAfter(std::int64_t seq, std::size_t limit,
                               const http::Principal& principal) override;
  std::int64_t newestEvent() override;

 private:
  store::Store& store_;
};

}  // namespace redflag::events
