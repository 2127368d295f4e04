#include "selftest/trials.h"

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/envelope.h"
#include "trust/order_gate.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;
using protocol::Envelope;

constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

Envelope honestOrder(std::int64_t now) {
  Envelope order;
  order.command_id = "00000000-0000-4000-8000-000000000001";
  order.client_id = "client";
  order.agent_id = "agent";
  order.command_type = "scan";
  order.actions = {{"kernel", "scan", "{}"}};
  order.issued_at = now;
  order.not_before = now - kSecondNs;
  order.expires_at = now + kDayNs;
  return order;
}

struct Forgery {
  const char* name;
  const char* what;
  const char* code;  // what it has to be refused as
  std::function<Json(const Envelope& order, const protocol::SigningKey& key)> make;
};

Json altered(const Json& sealed, const char* member) {
  Json out = sealed;
  auto bytes = fromBase64(out.at(member).get<std::string>()).value_or(std::string(1, '\0'));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  out[member] = toBase64(bytes);
  return out;
}

Json sealedWith(Envelope order, const protocol::SigningKey& key,
                const std::function<void(Envelope&)>& change) {
  change(order);
  return protocol::sealEnvelope(order, key).value_or(Json::object());
}

std::vector<Forgery> forgeries() {
  return {
      {"stranger", "an order signed by a key that nobody knows", refusal::kUnknownKey,
       [](const auto& order, const auto&) {
         return sealedWith(order, protocol::SigningKey::generate(), [](Envelope&) {});
       }},
      {"signature", "an order whose signature was altered", refusal::kBadSignature,
       [](const auto& order, const auto& key) {
         return altered(sealedWith(order, key, [](Envelope&) {}), "signature");
       }},
      {"body", "an order whose content was altered", refusal::kBadSignature,
       [](const auto& order, const auto& key) {
         return altered(sealedWith(order, key, [](Envelope&) {}), "body");
       }},
      {"agent", "another agent's order", refusal::kWrongAgent,
       [](const auto& order, const auto& key) {
         return sealedWith(order, key, [](Envelope& to) { to.agent_id = "other"; });
       }},
      {"client", "another client's order", refusal::kWrongClient,
       [](const auto& order, const auto& key) {
         return sealedWith(order, key, [](Envelope& to) { to.client_id = "other"; });
       }},
      {"old", "an order of yesterday", refusal::kClock,
       [](const auto& order, const auto& key) {
         return sealedWith(order, key, [](Envelope& to) { to.issued_at -= kDayNs; });
       }},
      {"expired", "an order that has expired", refusal::kExpired,
       [](const auto& order, const auto& key) {
         return sealedWith(order, key, [](Envelope& to) {
           to.not_before -= 10 * kSecondNs;
           to.expires_at = to.issued_at - kSecondNs;
         });
       }},
      {"reused", "an accepted order's number with other content", refusal::kIdReused,
       [](const auto& order, const auto& key) {
         return sealedWith(order, key, [](Envelope& to) { to.actions = {{"apt", "install", "{}"}}; });
       }},
      {"junk", "something that is no order", refusal::kMalformed,
       [](const auto&, const auto&) {
         return Json{{"body", 1}};
       }},
  };
}

// The trial's own key as the only one that may sign.
class OwnKey final : public CommandSource {
 public:
  explicit OwnKey(const protocol::SigningKey& key) {
    list_.keys = {{{protocol::keyId(key.publicKey()), key.publicKey()}, 0, INT64_MAX}};
  }
  Result<protocol::CommandList> commands() const override { return list_; }

 private:
  protocol::CommandList list_;
};

}  // namespace

Result<> tryForgedOrders(const std::filesystem::path& folder, const TrialSink& sink) {
  if (auto ready = initCrypto(); !ready) return ready;
  const auto key = protocol::SigningKey::generate();
  Identity identity;
  identity.agent_id = "agent";
  identity.client_id = "client";
  const OwnKey keys(key);
  const auto file = folder / "orders.db";
  const auto journal_id = OrderJournal::create(file);
  if (!journal_id) return tl::unexpected<Error>(journal_id.error());
  auto journal = OrderJournal::open(file, *journal_id);
  if (!journal) return tl::unexpected<Error>(journal.error());
  const OrderGate gate(identity, keys, journal->get(), systemClock());

  // The honest one first: a gate that lets nothing through would pass all the others.
  const auto order = honestOrder(epochNow());
  const auto honest = gate.check(sealedWith(order, key, [](Envelope&) {}));
  sink({"order.honest", "an honest order", honest.has_value(),
        honest ? "accepted" : "refused: " + honest.error().code});
  OrderRecord record;
  record.command_id = order.command_id;
  record.identity = protocol::identityHash(order);
  record.body = protocol::encodeEnvelope(order);
  record.expires_at = order.expires_at;
  if (auto accepted = (*journal)->accept(record); !accepted) return accepted;

  for (const auto& forgery : forgeries()) {
    auto forged = order;
    const bool reuses = std::string_view(forgery.code) == refusal::kIdReused;
    if (!reuses) forged.command_id.back() = '2';
    const auto checked = gate.check(forgery.make(forged, key));
    const auto code = checked ? std::string("accepted") : checked.error().code;
    sink({std::string("order.") + forgery.name, forgery.what, code == forgery.code,
          checked ? code : "refused: " + code});
  }
  return {};
}

}  // namespace redflag::kernel
