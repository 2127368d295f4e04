#include "link/session.h"

#include "base/log.h"
#include "link/enrolment.h"

namespace redflag::kernel {

Result<std::shared_ptr<Session>> Session::open(const Parts& parts) {
  auto identity = parts.store.load();
  if (!identity) return tl::unexpected<Error>(identity.error());
  auto key = parts.store.openKey();
  if (!key) return tl::unexpected<Error>(key.error());
  auto trust = TlsTrust::make(identity->authorities);
  if (!trust) return tl::unexpected<Error>(trust.error());
  parts.contact.enrolled(identity->agent_id, key->binding);
  return std::shared_ptr<Session>(new Session(parts, std::move(*identity), key->key, std::move(*trust)));
}

Session::Session(const Parts& parts, Identity identity, protocol::SigningKey key, TlsTrust trust)
    : identity_(std::move(identity)),
      key_(key),
      rotation_({parts.store, identity_.agent_id, key_, parts.key_replaced}),
      access_({parts.store.folder(), identity_.agent_id, key_, &rotation_}),
      endpoint_{identity_,          key_,   std::move(trust), parts.proxy, parts.settings.times,
                parts.server_clock, access_},
      changer_(endpoint_, access_, parts.settings.backoff),
      reports_(parts.spool, parts.clock, identity_.agent_id),
      trust_(commandTrustFolder(parts.settings.state), parts.clock),
      places_({parts.store, identity_, parts.proxy, parts.settings.times}) {
  if (auto ok = trust_.confirm(); !ok)
    spdlog::warn("the trust root may still be replaced: {}", ok.error().text);
  if (auto ok = trust_.load(); !ok)
    spdlog::info("no order is taken before the server was asked: {}", ok.error().text);
  openOrders(parts);
  uplink_ =
      std::make_unique<Uplink>(Uplink::Parts{parts.settings, endpoint_, parts.spool, parts.scanner, *desk_,
                                             queue_.get(), parts.contact, wake_, trust_, reports_, places_});
  doorbell_ = std::make_unique<Doorbell>(
      Doorbell::Parts{parts.settings, endpoint_, parts.contact, [this] { uplink_->fetchSoon(); }});
}

void Session::openOrders(const Parts& parts) {
  auto journal = OrderJournal::open(orderJournalFile(parts.settings.state), identity_.journal_id);
  if (journal) {
    journal_ = std::move(*journal);
    const auto cancel_elsewhere = [runner = parts.runner](const std::string& id) {
      return runner != nullptr && runner->cancel(id).value_or(false);
    };
    const auto rotate_keys = [this](const std::string& id) { return changer_.run(id); };
    queue_ = std::make_unique<OrderQueue>(OrderQueue::Parts{
        *journal_, reports_, parts.scanner, cancel_elsewhere, parts.clock, parts.agent, rotate_keys});
  } else {
    spdlog::error("orders: orders.no_record: no order will be carried out: {}", journal.error().text);
    parts.contact.orders("lost");
  }
  gate_ = std::make_unique<OrderGate>(identity_, trust_, journal_.get(), parts.clock);
  desk_ = std::make_unique<OrderDesk>(
      OrderDesk::Parts{*gate_, journal_.get(), queue_.get(), reports_, parts.spool, parts.scanner,
                       parts.runner, parts.settings.policy, parts.clock, [this] { return trust_.files(); },
                       [this] {
                         if (uplink_) uplink_->fetchSoon();
                       }});
}

void Session::start() {
  if (queue_) queue_->start();
  uplink_->start();
  doorbell_->start();
}

void Session::stop() {
  doorbell_->halt();
  uplink_->halt();
  changer_.halt();
  doorbell_->stop();
  uplink_->stop();
  if (queue_) queue_->stop();
}

}  // namespace redflag::kernel
