#include "trust/order_gate.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;

tl::unexpected<OrderRefusal> refused(const std::string& command_id, const protocol::Refused& why) {
  return tl::unexpected<OrderRefusal>(OrderRefusal{command_id, why.code, why.text});
}

}  // namespace

tl::expected<CheckedOrder, OrderRefusal> OrderGate::check(const Json& transport) const {
  const auto keys = keys_.commands();
  if (!keys) return refused("", {refusal::kUnknownKey, keys.error().text});
  auto envelope = protocol::openListed(transport, *keys, clock_.epochNs());
  if (!envelope) return refused("", envelope.error());
  const std::string& id = envelope->command_id;
  if (auto ok = protocol::checkAddressee(*envelope, identity_.agent_id, identity_.client_id); !ok) {
    return refused(id, ok.error());
  }
  if (journal_ == nullptr) {
    return refused(id,
                   {refusal::kReplayed,
                    "the record of orders is lost, so that a repeated order cannot be told from a new one; "
                    "the agent must be enrolled again"});
  }
  auto known = journal_->find(id);
  if (!known)
    return refused(id, {refusal::kReplayed, "the record of orders cannot be read: " + known.error().text});
  if (known->has_value()) {
    if ((*known)->identity != protocol::identityHash(*envelope)) {
      return refused(id, {refusal::kIdReused, "another order with this id was accepted before"});
    }
    return CheckedOrder{std::move(*envelope), std::move(*known)};
  }
  if (auto ok = protocol::checkTimes(*envelope, clock_.epochNs()); !ok) return refused(id, ok.error());
  return CheckedOrder{std::move(*envelope), std::nullopt};
}

}  // namespace redflag::kernel
